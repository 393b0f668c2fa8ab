// decode_png(). See png_encoder.cpp on longjmp: the functions that libpng may jump out of hold plain values only.

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <new>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/images.h"

namespace alice {
namespace {

struct Input {
  std::string_view rest;
  std::string error;
};

void on_error(png_structp png, png_const_charp message) {
  try {
    static_cast<Input*>(png_get_error_ptr(png))->error = message;
  } catch (const std::bad_alloc&) {  // the jump says enough
  }
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // of colour profiles and the like, which are not used

void on_read(png_structp png, png_bytep data, png_size_t size) {
  auto* input = static_cast<Input*>(png_get_io_ptr(png));
  if (size > input->rest.size()) png_error(png, "it is cut off");
  std::memcpy(data, input->rest.data(), size);
  input->rest.remove_prefix(size);
}

class Reader {
 public:
  explicit Reader(Input& input) : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, on_error, on_warning)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ != nullptr) return;
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw Error(ErrorCode::out_of_memory, "", "libpng found no memory to read a picture with");
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  png_structp png() const { return png_; }
  png_infop info() const { return info_; }

 private:
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

/// False after an error.
bool read_header(png_structp png, png_infop info, Input* input, const PngLimits* limits) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, input, on_read);
  png_set_user_limits(png, static_cast<png_uint_32>(limits->side), static_cast<png_uint_32>(limits->side));
  png_set_chunk_malloc_max(png, limits->text_bytes);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

/// False after an error.
bool read_rows(png_structp png, png_infop info, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_image(png, rows);
  png_read_end(png, info);
  return true;
}

/// What a file is made of, found out before libpng sees it: that sets aside what a chunk's length promises before it
/// looks how much follows.
struct Chunks {
  bool whole = false;      ///< the file is a signature and whole chunks, and nothing else
  size_t texts = 0;        ///< chunks that may be unpacked to more than they are
  uint64_t pixel_bytes = 0;  ///< of IDAT, packed
};

/// Each chunk is a length of four bytes, a type of four, the data, and a checksum of four (PNG specification, 5.3).
Chunks chunks_of(std::string_view bytes) {
  constexpr size_t kSignature = 8, kAround = 12;
  Chunks chunks;
  size_t at = kSignature;
  while (at < bytes.size() && bytes.size() - at >= kAround) {
    uint32_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (length > bytes.size() - at - kAround) return chunks;
    const std::string_view type = bytes.substr(at + 4, 4);
    if (type == "IDAT") chunks.pixel_bytes += length;
    for (const char* unpacked : {"tEXt", "zTXt", "iTXt", "iCCP", "sPLT"}) chunks.texts += type == unpacked;
    at += kAround + length;
  }
  chunks.whole = at == bytes.size();
  return chunks;
}

/// A packed byte stands for 1032 at most: deflate codes 258 bytes in two bits (RFC 1951, 3.2.5; zlib, "Technical
/// Details").
constexpr uint64_t kMostUnpacked = 1032;

std::vector<PngText> read_texts(const Reader& reader) {
  png_textp chunks = nullptr;
  const int count = png_get_text(reader.png(), reader.info(), &chunks, nullptr);
  std::vector<PngText> texts;
  for (int i = 0; i < count; ++i) {
    const png_text& chunk = chunks[i];
    const bool is_utf8 =
        chunk.compression == PNG_ITXT_COMPRESSION_NONE || chunk.compression == PNG_ITXT_COMPRESSION_zTXt;
    const std::string_view text(chunk.text, is_utf8 ? chunk.itxt_length : chunk.text_length);
    std::u32string characters;
    if (is_utf8)
      characters = decode_utf8(text);
    else
      for (const char c : text) characters += static_cast<unsigned char>(c);
    texts.push_back({chunk.key, encode_utf8(characters)});
  }
  return texts;
}

}  // namespace

Png decode_png(std::string_view bytes, const std::string& place, const PngLimits& limits) {
  const auto fail = [&](const std::string& sentence) { throw Error(ErrorCode::bad_request, place, sentence); };
  const Chunks chunks = chunks_of(bytes);
  if (!chunks.whole) fail("is no whole PNG: a part of it leads beyond its end, or something stands behind its last");
  if (chunks.texts > limits.texts)
    fail("has " + std::to_string(chunks.texts) + " chunks of text; at most " + std::to_string(limits.texts) +
         " are read");
  Input input;
  input.rest = bytes;
  const Reader reader(input);
  if (!read_header(reader.png(), reader.info(), &input, &limits)) fail("is no PNG that can be read: " + input.error);

  const int64_t width = png_get_image_width(reader.png(), reader.info());
  const int64_t height = png_get_image_height(reader.png(), reader.info());
  if (width * height > limits.pixels)
    fail("is " + std::to_string(width) + " x " + std::to_string(height) + " pixels; at most " +
         std::to_string(limits.pixels) + " in all are read");
  // A row has a byte of its own before its pixels, of one bit at least.
  if (static_cast<uint64_t>(height) * static_cast<uint64_t>((width + 7) / 8 + 1) > chunks.pixel_bytes * kMostUnpacked)
    fail("is no whole PNG: " + std::to_string(chunks.pixel_bytes) + " bytes cannot hold " + std::to_string(width) +
         " x " + std::to_string(height) + " pixels");
  Png png;
  png.image = at::empty({height, width, 3}, at::kByte);
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < height; ++y) rows.push_back(png.image.data_ptr<uint8_t>() + y * width * 3);
  if (static_cast<int64_t>(png_get_rowbytes(reader.png(), reader.info())) != width * 3)
    fail("has rows of an unknown kind");
  if (!read_rows(reader.png(), reader.info(), rows.data())) fail("is a damaged PNG: " + input.error);
  png.texts = read_texts(reader);
  return png;
}

}  // namespace alice

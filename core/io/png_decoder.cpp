// decode_png() and decode_png_picture(). See png_encoder.cpp on longjmp: the functions that libpng may jump out of hold
// plain values only.

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <new>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/decoded_picture.h"
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

/// What is wanted of a file.
struct Wish {
  bool texts = false, alpha = false;
  png_uint_32 side = 0;        ///< at most, pixels
  size_t chunk_bytes = 0;      ///< at most, of one chunk, unpacked
  // Told by read_header():
  png_uint_32 passes = 1;  ///< an interlaced picture comes in seven
  bool is_grey = false;    ///< the file has no colours
};

/// False after an error.
bool read_header(png_structp png, png_infop info, Input* input, Wish* wish) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, input, on_read);
  png_set_user_limits(png, wish->side, wish->side);
  png_set_chunk_malloc_max(png, wish->chunk_bytes);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  if (!wish->texts)
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, reinterpret_cast<png_const_bytep>("tEXt\0zTXt\0iTXt\0sPLT"),
                                4);
  png_read_info(png, info);
  wish->is_grey = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) == 0;
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  if (!wish->alpha) png_set_strip_alpha(png);
  wish->passes = static_cast<png_uint_32>(png_set_interlace_handling(png));
  png_read_update_info(png, info);
  return true;
}

/// Rows of four bytes a pixel go into planes of three and of one: half the memory of a picture with both.
struct Planes {
  png_bytep rgb, alpha;  ///< alpha: null for rows of three bytes a pixel
  png_bytep row;         ///< room for one of four
  size_t width, height;  ///< pixels
};

void join(const Planes& planes, size_t y) {
  const png_byte* rgb = planes.rgb + y * planes.width * 3;
  const png_byte* alpha = planes.alpha + y * planes.width;
  for (size_t x = 0; x < planes.width; ++x) {
    for (size_t c = 0; c < 3; ++c) planes.row[x * 4 + c] = rgb[x * 3 + c];
    planes.row[x * 4 + 3] = alpha[x];
  }
}

void part(const Planes& planes, size_t y) {
  png_byte* rgb = planes.rgb + y * planes.width * 3;
  png_byte* alpha = planes.alpha + y * planes.width;
  for (size_t x = 0; x < planes.width; ++x) {
    for (size_t c = 0; c < 3; ++c) rgb[x * 3 + c] = planes.row[x * 4 + c];
    alpha[x] = planes.row[x * 4 + 3];
  }
}

/// False after an error. A pass adds to what the passes before it left.
bool read_rows(png_structp png, png_infop info, const Planes* planes, const Wish* wish) {
  if (setjmp(png_jmpbuf(png))) return false;
  for (png_uint_32 pass = 0; pass < wish->passes; ++pass)
    for (size_t y = 0; y < planes->height; ++y) {
      if (planes->alpha == nullptr) {
        png_read_row(png, planes->rgb + y * planes->width * 3, nullptr);
        continue;
      }
      if (pass > 0) join(*planes, y);
      png_read_row(png, planes->row, nullptr);
      part(*planes, y);
    }
  png_read_end(png, info);
  return true;
}

/// What a file is made of, found out before libpng sees it: that sets aside what a chunk's length promises before it
/// looks how much follows.
struct Chunks {
  bool whole = false;      ///< the file is a signature and whole chunks, and nothing else
  size_t texts = 0;        ///< chunks that may be unpacked to more than they are
  bool is_animated = false;
  uint64_t pixel_bytes = 0;  ///< of IDAT, packed
  int64_t width = 0, height = 0;  ///< as the header says, whatever that is
};

int64_t number_at(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

/// Each chunk is a length of four bytes, a type of four, the data, and a checksum of four (PNG specification, 5.3).
Chunks chunks_of(std::string_view bytes) {
  constexpr size_t kSignature = 8, kAround = 12;
  Chunks chunks;
  size_t at = kSignature;
  while (at < bytes.size() && bytes.size() - at >= kAround) {
    const auto length = static_cast<size_t>(number_at(bytes, at));
    if (length > bytes.size() - at - kAround) return chunks;
    const std::string_view type = bytes.substr(at + 4, 4);
    if (type == "IHDR" && length >= 8) chunks.width = number_at(bytes, at + 8), chunks.height = number_at(bytes, at + 12);
    if (type == "IDAT") chunks.pixel_bytes += length;
    // A number of frames comes first (Portable Network Graphics, third edition, 11.3.6.1); one is a still picture.
    if (type == "acTL" && bytes.substr(at + 8, 4) != std::string_view("\0\0\0\1", 4)) chunks.is_animated = true;
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

/// A PNG whose chunks are whole, and whose size is within what it promises.
class PngFile {
 public:
  PngFile(std::string_view bytes, const std::string& place, const Chunks& chunks, const Wish& wish)
      : place_(place), wish_(wish), reader_(input_) {
    input_.rest = bytes;
    if (!read_header(reader_.png(), reader_.info(), &input_, &wish_)) fail("is no PNG that can be read: " + input_.error);
    width_ = png_get_image_width(reader_.png(), reader_.info());
    height_ = png_get_image_height(reader_.png(), reader_.info());
    // A row has a byte of its own before its pixels, of one bit at least.
    if (static_cast<uint64_t>(height_) * static_cast<uint64_t>((width_ + 7) / 8 + 1) >
        chunks.pixel_bytes * kMostUnpacked)
      fail("is no whole PNG: " + std::to_string(chunks.pixel_bytes) + " bytes cannot hold " + std::to_string(width_) +
           " x " + std::to_string(height_) + " pixels");
  }

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  bool is_grey() const { return wish_.is_grey; }
  const Reader& reader() const { return reader_; }

  /// `rgb` and, where the rows have one, `alpha`; all that stands behind the pixels is read too.
  void read_pixels(Tensor& rgb, Tensor& alpha) {
    const size_t channels = png_get_rowbytes(reader_.png(), reader_.info()) / static_cast<size_t>(width_);
    if (channels != 3 && (channels != 4 || !wish_.alpha)) fail("has rows of an unknown kind");
    rgb = at::empty({height_, width_, 3}, at::kByte);
    std::vector<png_byte> row;
    if (channels == 4) {
      alpha = at::empty({height_, width_}, at::kByte);
      row.resize(static_cast<size_t>(width_) * 4);
    }
    const Planes planes = {rgb.data_ptr<uint8_t>(), channels == 4 ? alpha.data_ptr<uint8_t>() : nullptr, row.data(),
                           static_cast<size_t>(width_), static_cast<size_t>(height_)};
    if (!read_rows(reader_.png(), reader_.info(), &planes, &wish_)) fail("is a damaged PNG: " + input_.error);
  }

  [[noreturn]] void fail(const std::string& sentence) const { throw Error(ErrorCode::bad_request, place_, sentence); }

 private:
  std::string place_;
  Input input_;
  Wish wish_;
  Reader reader_;
  int64_t width_ = 0, height_ = 0;
};

Chunks whole_chunks(std::string_view bytes, const std::string& place) {
  const Chunks chunks = chunks_of(bytes);
  if (!chunks.whole)
    throw Error(ErrorCode::bad_request, place,
                "is no whole PNG: a part of it leads beyond its end, or something stands behind its last");
  return chunks;
}

std::string profile_of(const Reader& reader) {
  png_charp name = nullptr;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  int compression = 0;
  if (png_get_iCCP(reader.png(), reader.info(), &name, &compression, &profile, &size) == 0) return "";
  return std::string(reinterpret_cast<const char*>(profile), size);
}

std::string exif_of(const Reader& reader) {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(reader.png(), reader.info(), &size, &exif) == 0) return "";
  return std::string(reinterpret_cast<const char*>(exif), size);
}

}  // namespace

Png decode_png(std::string_view bytes, const std::string& place, const PngLimits& limits) {
  const Chunks chunks = whole_chunks(bytes, place);
  if (chunks.texts > limits.texts)
    throw Error(ErrorCode::bad_request, place,
                "has " + std::to_string(chunks.texts) + " chunks of text; at most " + std::to_string(limits.texts) +
                    " are read");
  Wish wish;
  wish.texts = true;
  wish.side = static_cast<png_uint_32>(limits.side);
  wish.chunk_bytes = limits.text_bytes;
  PngFile file(bytes, place, chunks, wish);
  if (file.width() * file.height() > limits.pixels)
    file.fail("is " + std::to_string(file.width()) + " x " + std::to_string(file.height()) + " pixels; at most " +
              std::to_string(limits.pixels) + " in all are read");
  Png png;
  Tensor no_alpha;
  file.read_pixels(png.image, no_alpha);
  png.texts = read_texts(file.reader());
  return png;
}

DecodedPicture decode_png_picture(std::string_view bytes, const std::string& place, const PictureLimits& limits) {
  const Chunks chunks = whole_chunks(bytes, place);
  if (chunks.is_animated)
    throw Error(ErrorCode::bad_request, place, "is an animated PNG; give one picture of it, saved as a picture");
  check_picture_size(chunks.width, chunks.height, place, limits);
  Wish wish;
  wish.alpha = true;
  wish.side = static_cast<png_uint_32>(limits.side);
  wish.chunk_bytes = limits.profile_bytes;
  PngFile file(bytes, place, chunks, wish);
  DecodedPicture picture;
  picture.is_grey = file.is_grey();
  file.read_pixels(picture.rgb, picture.alpha);
  picture.profile = profile_of(file.reader());
  picture.exif = exif_of(file.reader());
  return picture;
}

}  // namespace alice

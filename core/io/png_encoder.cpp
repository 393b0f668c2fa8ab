// encode_png(). libpng reports errors by longjmp, which must not skip a destructor: so the functions that it may jump
// out of hold nothing but plain values, and all that owns something lies in their caller.

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <new>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/images.h"

namespace alice {
namespace {

struct Output {
  std::string bytes;
  std::string error;
};

[[noreturn]] void fail(const std::string& sentence) { throw Error(ErrorCode::internal, "", sentence); }

void on_error(png_structp png, png_const_charp message) {
  try {
    static_cast<Output*>(png_get_error_ptr(png))->error = message;
  } catch (const std::bad_alloc&) {  // the jump says enough
  }
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // warns of odd values only, and all that is written is checked before

void on_write(png_structp png, png_bytep data, png_size_t size) {
  bool written = true;
  try {
    static_cast<Output*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    written = false;
  }
  if (!written) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

class Writer {
 public:
  explicit Writer(Output& output)
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &output, on_error, on_warning)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ != nullptr) return;
    png_destroy_write_struct(&png_, nullptr);
    throw Error(ErrorCode::out_of_memory, "", "libpng found no memory to write a picture with");
  }
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  png_structp png() const { return png_; }
  png_infop info() const { return info_; }

 private:
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

struct Picture {
  png_uint_32 width, height;
  png_bytepp rows;
  png_textp texts;
  int text_count;
};

/// False after an error. Plain values only: see above.
bool write(png_structp png, png_infop info, Output* output, const Picture* picture) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, output, on_write, on_flush);
  png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_text(png, info, picture->texts, picture->text_count);
  png_write_info(png, info);
  png_write_image(png, picture->rows);
  png_write_end(png, info);
  return true;
}

/// A text chunk as the file has it.
struct StoredText {
  std::string keyword, text;
  bool is_latin1 = false;
};

/// Printable Latin-1 and line feeds: what the PNG specification (11.3.4.3) recommends for tEXt.
bool is_latin1(char32_t c) { return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xFF); }

StoredText stored(const PngText& text) {
  const bool printable =
      std::all_of(text.keyword.begin(), text.keyword.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!printable || text.keyword.empty() || text.keyword.size() > 79)
    fail("a PNG text needs a keyword of 1 to 79 printable ASCII characters, not '" + text.keyword + "'");
  std::u32string characters = decode_utf8(text.text);
  std::replace(characters.begin(), characters.end(), U'\0', U'\uFFFD');
  StoredText out;
  out.keyword = text.keyword;
  out.is_latin1 = std::all_of(characters.begin(), characters.end(), is_latin1);
  if (out.is_latin1)
    out.text.assign(characters.begin(), characters.end());
  else
    out.text = encode_utf8(characters);
  return out;
}

png_text chunk_of(StoredText& text) {
  static char no_language[] = "";
  png_text chunk = {};
  chunk.compression = text.is_latin1 ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
  chunk.key = text.keyword.data();
  chunk.text = text.text.data();
  (text.is_latin1 ? chunk.text_length : chunk.itxt_length) = text.text.size();
  chunk.lang = chunk.lang_key = no_language;
  return chunk;
}

}  // namespace

std::string encode_png(const Png& png) {
  const Tensor& image = png.image;
  if (image.scalar_type() != at::kByte || image.dim() != 3 || image.size(2) != 3 || image.numel() == 0)
    fail("a picture must be uint8 [H, W, 3], not " + std::string(c10::toString(image.scalar_type())) + " " +
         c10::str(image.sizes()));
  const Tensor bytes = image.to(at::kCPU).contiguous();
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < bytes.size(0); ++y) rows.push_back(bytes.data_ptr<uint8_t>() + y * bytes.size(1) * 3);

  std::vector<StoredText> texts;
  for (const PngText& text : png.texts) texts.push_back(stored(text));
  std::vector<png_text> chunks;
  for (StoredText& text : texts) chunks.push_back(chunk_of(text));

  Output output;
  const Writer writer(output);
  const Picture picture = {static_cast<png_uint_32>(bytes.size(1)), static_cast<png_uint_32>(bytes.size(0)),
                           rows.data(), chunks.data(), static_cast<int>(chunks.size())};
  if (!write(writer.png(), writer.info(), &output, &picture))
    fail("the picture cannot be written as PNG: " + output.error);
  return std::move(output.bytes);
}

}  // namespace alice

#include "plugins/models/clip/vocabulary_files.h"

#include "core/base/regular_file.h"

extern "C" const char alice_clip_merges_begin[], alice_clip_merges_end[];  // embedded_merges.S

namespace alice::clip {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLargestFile = 16u << 20;  // bytes; CLIP's tokenizer.json has 2 MB

[[noreturn]] void fail(const std::string& place, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, place, sentence);
}

const fs::path* find_asset(const ModelFiles& files, const char* name) {
  const auto found = files.assets.find(name);
  return found == files.assets.end() ? nullptr : &found->second;
}

Json read_object(const fs::path& file) {
  Json object = read_json_file(file, kLargestFile);
  if (!object.is_object()) fail(file.string(), "must be a JSON object");
  return object;
}

std::string read_text(const fs::path& file) {
  return read_regular_file(file, kLargestFile);
}

std::unordered_map<std::string, int64_t> read_ids(const Json& object, const std::string& place) {
  if (!object.is_object()) fail(place, "must be an object that gives each token its number");
  std::unordered_map<std::string, int64_t> ids;
  for (const auto& member : object.items()) {
    if (!member.value().is_number_integer())
      fail(place + "/" + member.key(), "must be a whole number, got " + dump_json(member.value()));
    ids.emplace(member.key(), member.value().get<int64_t>());
  }
  return ids;
}

VocabularyText from_merges(const fs::path& merges, const fs::path* ids) {
  VocabularyText text;
  text.place = merges.string();
  text.merges = read_merges(read_text(merges), text.place);
  text.ids = ids ? read_ids(read_object(*ids), ids->string()) : ids_of_merges(text);
  return text;
}

VocabularyText built_in() {
  VocabularyText text;
  text.place = "the built-in vocabulary";
  text.merges = read_merges(
      {alice_clip_merges_begin, static_cast<size_t>(alice_clip_merges_end - alice_clip_merges_begin)}, text.place);
  text.ids = ids_of_merges(text);
  return text;
}

/// What the second says counts.
constexpr const char* kMarkFiles[] = {"special_tokens_map.json", "tokenizer_config.json"};

/// "a b", or ["a", "b"] as newer files write it.
std::pair<std::string, std::string> read_merge(const Json& merge, const std::string& place) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  if (merge.is_string())
    if (const auto pairs = read_merges(merge.get_ref<const std::string&>(), place); pairs.size() == 1) return pairs[0];
  fail(place, "must be a pair of tokens, got " + dump_json(merge));
}

VocabularyText from_tokenizer(const fs::path& file) {
  const Json tokenizer = read_object(file);
  VocabularyText text;
  text.place = file.string();
  const Json model = tokenizer.value("model", Json());
  if (!model.is_object() || model.value("type", Json("BPE")) != "BPE")
    fail(text.place + "/model", "must be an object of the type BPE");
  text.ids = read_ids(model.value("vocab", Json()), text.place + "/model/vocab");
  const Json merges = model.value("merges", Json());
  if (!merges.is_array()) fail(text.place + "/model/merges", "must be a list");
  for (size_t i = 0; i < merges.size(); ++i)
    text.merges.push_back(read_merge(merges[i], text.place + "/model/merges/" + std::to_string(i)));
  const Json added = tokenizer.value("added_tokens", Json::array());
  if (!added.is_array()) fail(text.place + "/added_tokens", "must be a list");
  for (const Json& token : added) {
    if (!token.is_object() || !token.value("content", Json()).is_string() ||
        !token.value("id", Json()).is_number_integer())
      fail(text.place + "/added_tokens", "must give each token its content and id, got " + dump_json(token));
    text.marks.push_back(token["content"].get<std::string>());
    text.ids[text.marks.back()] = token["id"].get<int64_t>();
  }
  return text;
}

/// A mark is a string or an object with its "content"; null and nothing leave it as it is.
void read_mark(const Json& object, const char* key, const std::string& file, std::string& mark) {
  Json value = object.value(key, Json());
  if (value.is_object()) value = value.value("content", Json(0));
  if (value.is_null()) return;
  if (!value.is_string()) fail(file + "/" + key, "must be a token");
  mark = value.get<std::string>();
}

void read_marks(const ModelFiles& files, VocabularyText& text) {
  for (const char* name : kMarkFiles)
    if (const fs::path* file = find_asset(files, name)) {
      const Json object = read_object(*file);
      read_mark(object, "bos_token", file->string(), text.start);
      read_mark(object, "eos_token", file->string(), text.end);
      read_mark(object, "pad_token", file->string(), text.pad);
    }
}

}  // namespace

Vocabulary load_vocabulary(const ModelFiles& files, const std::string& default_pad, int64_t size) {
  const fs::path* merges = find_asset(files, "merges.txt");
  const fs::path* tokenizer = find_asset(files, "tokenizer.json");
  VocabularyText text = merges      ? from_merges(*merges, find_asset(files, "vocab.json"))
                        : tokenizer ? from_tokenizer(*tokenizer)
                                    : built_in();
  if (!merges && !tokenizer && static_cast<int64_t>(text.ids.size()) != size)
    fail(files.place, "brings no vocabulary (merges.txt or tokenizer.json), and its embedding has " +
                          std::to_string(size) + " rows, the built-in vocabulary " + std::to_string(text.ids.size()) +
                          " entries");
  text.pad = default_pad;
  read_marks(files, text);
  return build_vocabulary(text, size);
}

void look_at_vocabulary(const ModelFiles& files, std::vector<Fault>& faults) {
  std::vector<const char*> names(std::begin(kMarkFiles), std::end(kMarkFiles));
  if (find_asset(files, "merges.txt") != nullptr)
    names.insert(names.end(), {"merges.txt", "vocab.json"});
  else
    names.push_back("tokenizer.json");
  for (const char* name : names)
    if (const fs::path* file = find_asset(files, name)) try {
        const RegularFile opened(*file);
      } catch (const Error& error) {
        faults.push_back({error.place(), error.sentence()});
      }
}

}  // namespace alice::clip

// Which names there are: models, samplers, LoRAs and what is fixed.

#include <algorithm>

#include "core/base/text.h"
#include "server/front/http/doors/comfy/graph_job.h"
#include "server/front/http/doors/comfy/model_names.h"
#include "server/front/http/doors/comfy/sampler_words.h"

namespace alice::comfy {
namespace {

/// Every picture is resampled in one way, whichever of these is named (comfy/utils.py has these names).
const std::vector<std::string>& scalings() {
  static const std::vector<std::string> words = {"nearest-exact", "bilinear", "area", "bicubic", "lanczos"};
  return words;
}

bool is_in(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

WordLists word_lists(const ServerState& state, const std::vector<std::string>& uploads) {
  return {{Words::checkpoints, list_checkpoints(state)},
          {Words::own_vae, {kOwnVae}},
          {Words::loras, list_loras(state)},
          {Words::samplers, list_samplers(state.description)},
          {Words::spacings, list_spacings(state.description)},
          {Words::uploads, uploads},
          {Words::scalings, scalings()},
          {Words::crops, {"disabled", "center"}},
          {Words::nothing, {}}};
}

bool is_known_word(Words words, const std::string& value, const ServerState& state, const FindUpload& find_upload) {
  switch (words) {
    case Words::checkpoints: return !find_checkpoint(state, value).empty();
    case Words::loras: return !find_lora(state, value).empty();
    case Words::samplers: return choose_sampler(value, "", state.description).has_value();
    case Words::uploads: return find_upload(value).bytes != nullptr;
    default: break;
  }
  const WordLists lists = word_lists(state, {});
  return is_in(lists.at(words), value);
}

}  // namespace alice::comfy

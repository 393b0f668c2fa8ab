#pragma once
// Where a model's vocabulary comes from.

#include "core/api/weights.h"
#include "plugins/models/clip/vocabulary.h"

namespace alice::clip {

/// From the files beside the model: merges.txt and vocab.json (numbered by ids_of_merges() where that is missing), else
/// tokenizer.json (all that transformers 5 writes), else the built-in one of OpenAI's CLIP. tokenizer_config.json and
/// special_tokens_map.json name the marks; a model without them pads with `default_pad` ("": its end mark).
/// `size`: rows of the embedding. Throws Error(bad_weights) naming the file.
Vocabulary load_vocabulary(const ModelFiles& files, const std::string& default_pad, int64_t size);

/// Whether the files that load_vocabulary() would read are files at all: opens them, reads nothing, adds faults.
void look_at_vocabulary(const ModelFiles& files, std::vector<Fault>& faults);

}  // namespace alice::clip

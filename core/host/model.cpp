#include "core/host/model.h"

#include <algorithm>
#include <limits>

namespace alice {

int64_t Model::text_layers() const {
  int64_t layers = std::numeric_limits<int64_t>::max();
  for (const TextUse& text : texts)
    layers = std::min(layers, text_encoders.at(text.role)->info().layers - text.layers_back);
  return layers;
}

}  // namespace alice

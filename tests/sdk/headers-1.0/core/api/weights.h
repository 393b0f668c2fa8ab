#pragma once
// From tensors in files to the weights of a model: who recognises, which name is which, and what each backend makes of
// them.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/api/backend.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/options.h"
#include "core/base/tensor_index.h"

namespace alice {

/// Of `names`, at least one: "'a', 'b', 'c' and 4 more".
std::string some_of(const std::vector<std::string>& names);

/// Read-only access to the tensors behind an index. Implemented by core/io (memory-mapped). May be used from any
/// thread.
class WeightSource {
 public:
  virtual ~WeightSource();
  /// Valid as long as the source; never throws.
  virtual const TensorIndex& index() const = 0;
  /// The tensor in its index's dtype: a read-only view that keeps the file mapped; a copy where the file has the
  /// numbers in another form, or ATen lacks the type (F8_E4M3, F8_E5M2: float16). Throws Error(bad_weights) naming file
  /// and tensor when it is not there or its dtype is `other`.
  virtual Tensor tensor(const std::string& name) const = 0;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};

/// The files of one model part. Of a single-file model every part has the whole file, and its own root in it.
struct ModelFiles {
  std::string place;  ///< "models/x/unet", for messages
  std::shared_ptr<const WeightSource> weights;
  std::string root;  ///< what the names of this part's tensors begin with: "first_stage_model."; "": all are the part's
  Json config;       ///< the part's config.json; null when there is none
  /// What neither tensors nor config.json say of the part, and the model's family does (core/api/family.h): an object
  /// of words that the part's plugin documents, or null. A config.json that says otherwise counts.
  Json told;
  /// The part's further files by name ("merges.txt", "vocab.json", "tokenizer_config.json", ...): whatever lies beside
  /// it.
  std::map<std::string, std::filesystem::path> assets;

  /// Of the part's tensor `name`, without the root: null when it is not there. Never throw; any thread.
  const TensorInfo* find(const std::string& name) const;
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// The length of one side of it; -1 when there is no such tensor or dimension.
  int64_t side(const std::string& name, size_t dimension) const;
  /// Is there a tensor of this part whose name begins with `start`?
  bool has_under(const std::string& start) const;
};

/// Where a member of files.config stands: "models/x/unet/config.json/act_fn", or "models/x.safetensors (settings beside
/// it)/act_fn". The result keeps nothing of `files`. Any thread.
PlaceOf config_places(const ModelFiles& files);

/// How one parameter of a model is made from the file's tensors.
struct Parameter {
  enum class Form {
    as_is,
    flatten_1x1,  ///< the file has [out, in, 1, 1], the model wants [out, in]
    expand_1x1,   ///< the other way round
    transpose,    ///< the file has [in, out]
  };
  std::string name;  ///< canonical: the name in a diffusers folder, such as "down_blocks.0.resnets.0.conv1.weight"
  std::vector<int64_t> shape;  ///< what the architecture needs
  std::string source;          ///< the tensor's name in this file, with the part's root
  Form form = Form::as_is;
  int64_t first_row = 0;  ///< the rows [first_row, first_row + shape[0]) of a stacked tensor ...
  bool stacked = false;   ///< ... when it is one (q, k and v in one)
  /// The name under the original (LDM) layout, without a root; LoRA files may use it. "" when there is none.
  std::string alias;
};

/// What a model plugin says of some files before anything is loaded.
struct Recognition {
  std::string description;  ///< for people: "UNet2DConditionModel, 4 levels of 320 to 1280, 860 M parameters"
  std::string layout;       ///< "diffusers", "ldm": how the file names its tensors
  Json config;              ///< complete: the given config.json, or what shapes tell
  std::vector<Parameter> parameters;
  std::set<std::string> claimed;  ///< names of the index that belong to this part, used or knowingly passed over
  std::vector<Fault> faults;      ///< missing tensors, wrong shapes, settings that are not supported
  std::vector<Fault> warnings;    ///< what keeps nothing from working: tensors that are not used, mended settings
  Json facts;  ///< an object, for people and `check model`: token limit, scaling factor, native size, ...
};

/// A change of one parameter, whose weight becomes weight + change: numbers that are there, or how they are made when
/// the weight is prepared. What is made is kept by nobody: the changes of a whole model are never in memory at once.
class Delta {
 public:
  /// From the weight without any change, of its shape, on the CPU, in the float type of its file (.to(at::kFloat) has
  /// numbers to compute with) and only to be read: the change. Called from any thread, perhaps more than once, also
  /// when the weights are in use already; gives the same numbers each time, and keeps nothing of the weight. Throws
  /// Error(bad_weights) when there is none.
  using Make = std::function<Tensor(const Tensor& weight)>;

  /// Numbers: float32 on the CPU; shared, not copied.
  Delta(Tensor numbers);  // NOLINT: a tensor is a change
  /// What `make` gives is of `shape`, float32 on the CPU.
  Delta(std::vector<int64_t> shape, Make make);

  /// Never throws; valid as long as *this or a copy of it.
  const std::vector<int64_t>& shape() const;

 private:
  friend class ModelWeights;
  struct State;
  std::shared_ptr<const State> state_;
};
using Deltas = std::map<std::string, Delta>;  ///< by canonical name

/// The weights of one model part: by canonical name, each brought into its backend's form once, shared between all
/// models that are made from them. Immutable to the outside; safe from any thread.
class ModelWeights {
 public:
  /// Nothing is read yet. `place` is for messages.
  ModelWeights(std::string place, std::shared_ptr<const WeightSource> source, std::vector<Parameter> parameters,
               std::shared_ptr<const Backend> backend);

  /// What these give is valid as long as *this, or a copy of it; they never throw.
  const Backend& backend() const;
  std::shared_ptr<const Backend> backend_ptr() const;
  const std::vector<Parameter>& parameters() const;
  bool contains(const std::string& parameter) const;

  /// "<module>.weight" and, where there is one, "<module>.bias", prepared by the backend at the first call and shared
  /// after it; a second caller waits meanwhile. A module is always asked for with the same shape. Throw
  /// Error(bad_weights) when the weight is not there or holds a number that is not finite.
  PreparedWeightPtr linear(const std::string& module) const;
  PreparedWeightPtr conv2d(const std::string& module, const Conv2dShape& shape) const;
  /// The same for upsample_conv2d() of core/api/fused_products.h; beside that of conv2d(), or the same one.
  PreparedWeightPtr upsample_conv2d(const std::string& module) const;
  /// One parameter on the backend's device in its dtype: norms, embeddings. Shared: only read it. Throws as above.
  Tensor tensor(const std::string& parameter) const;
  /// tensor(parameter).index_select(0, ids), read from the file at each call and not kept: for embeddings, which are
  /// large and hardly used. ids [K], int64 on the CPU, may be empty: the parameter is checked as a whole all the same,
  /// once. Throws as above; c10::Error for an id out of range.
  Tensor rows(const std::string& parameter, const Tensor& ids) const;

  /// The same weights with some changed: shares every prepared weight that no delta touches, has its own of the others.
  /// *this is untouched; the deltas are shared, and several of one parameter add up. Throws Error(bad_weights) for a
  /// name that is no parameter, a delta of another shape, or numbers that are not finite. Those that are made later are
  /// judged then: linear(), conv2d(), upsample_conv2d(), tensor() and rows() throw for them, and rows() makes the whole
  /// change again at each call.
  ModelWeights patched(const Deltas& deltas) const;

 private:
  struct State;
  explicit ModelWeights(std::shared_ptr<const State> state);

  std::shared_ptr<const State> state_;  // all that there is, so that it may grow
};

/// A parameter that an architecture needs, before it is looked for in a file.
struct WantedParameter {
  std::string name;  ///< canonical
  std::vector<int64_t> shape;
  /// Where to look for it, in this order of preference: the first that the index has in the right shape is taken, else
  /// the first that it has. The same name may stand twice in different forms. Sources of the layout "ldm" give the
  /// alias.
  struct Source {
    std::string layout, name;  ///< the name without the part's root
    Parameter::Form form = Parameter::Form::as_is;
    int64_t first_row = 0;
    bool stacked = false;
  };
  std::vector<Source> sources;
};

/// Looks every wanted parameter up in `files`: fills parameters, claimed, layout, the facts "parameters" (numbers, not
/// tensors) and "dtypes", and the faults of `recognition` ("missing", "has shape [..], needs [..]"), of each kind the
/// first few in full and the rest as a number; a missing one stands in `parameters` too, with its shape. All under the
/// part's root is claimed. What is not used of it is left over, which one warning counts and names some of, unless
/// `passes_over(name)`, name without the root. Throws only what that function throws; any thread.
void match_parameters(const ModelFiles& files, const std::vector<WantedParameter>& wanted,
                      const std::function<bool(const std::string&)>& passes_over, Recognition& recognition);

}  // namespace alice

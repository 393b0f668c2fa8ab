// What a model's files say of its scheduler, and what is made of it. The right values are what diffusers 0.42.1 has in
// pipe.scheduler after StableDiffusionPipeline.from_pretrained() of the same folders.

#include "core/host/scheduler_source.h"

#include "core/api/scheduler.h"
#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

namespace fs = std::filesystem;

const fs::path kTiny = fs::path(ALICE_TEST_DATA) / "goldens/models/tiny_sd15";

/// The small model with another scheduler_config.json and model_index.json; a class of "" is left out.
class Variant {
 public:
  Variant(const Json& changes, const std::string& indexed_class = "PNDMScheduler",
          const std::vector<std::string>& without = {}) {
    for (const char* part : {"unet", "vae", "text_encoder", "tokenizer"})
      fs::create_directory_symlink(kTiny / part, folder_ / part);
    Json index = read_json_file(kTiny / "model_index.json");
    index["scheduler"] = {"diffusers", indexed_class};
    if (indexed_class.empty()) index.erase("scheduler");
    folder_.write("model_index.json", index.dump());
    Json config = read_json_file(kTiny / "scheduler/scheduler_config.json");
    config.update(changes);
    for (const std::string& name : without) config.erase(name);
    folder_.write("scheduler/scheduler_config.json", config.dump());
  }

  Blueprint blueprint() const {
    ModelConfig model;
    model.id = "sd/variant";
    model.source = folder_.path();
    return make_blueprint(*built_in_registry(), HostConfig(), model);
  }

 private:
  TempFolder folder_;
};

ChosenScheduler chosen(const Blueprint& blueprint, const std::string& name = "", const Json& options = Json::object()) {
  return choose_scheduler(*built_in_registry(), blueprint.scheduler, name, options);
}

/// Do both visit the same levels?
bool same_run(const ChosenScheduler& a, const ChosenScheduler& b) {
  const Plan one = a.scheduler->plan(7, *a.noise_model), other = b.scheduler->plan(7, *b.noise_model);
  for (size_t i = 0; i < one.levels.size(); ++i)
    if (one.levels[i].t != other.levels[i].t || one.levels[i].sigma != other.levels[i].sigma) return false;
  return a.plugin == b.plugin && one.levels.size() == other.levels.size();
}

std::string warnings_of(const Blueprint& blueprint) {
  std::string all;
  for (const Fault& warning : all_warnings(blueprint)) all += warning.place + ": " + warning.sentence + "\n";
  return all;
}

bool explains(const Blueprint& blueprint, const std::string& what, const std::string& value) {
  for (const Explained& line : blueprint.explanation)
    if (line.what == what && line.value == value) return true;
  return false;
}

}  // namespace

TEST_CASE("the class of model_index.json counts, over the one in the scheduler's own file and without it") {
  const Blueprint plain = Variant(Json::object()).blueprint();
  CHECK(chosen(plain).plugin == "pndm");
  CHECK(warnings_of(plain) == "");
  const Blueprint unnamed = Variant(Json::object(), "PNDMScheduler", {"_class_name"}).blueprint();
  CHECK(same_run(chosen(unnamed), chosen(plain)));
  CHECK(warnings_of(unnamed) == "");
  const Blueprint conflict = Variant(Json({{"_class_name", "DDIMScheduler"}})).blueprint();
  CHECK(same_run(chosen(conflict), chosen(plain)));
  CHECK(says(warnings_of(conflict), "names the class DDIMScheduler, model_index.json names PNDMScheduler"));
  const Blueprint own = Variant({{"_class_name", "DDIMScheduler"}}, "").blueprint();
  CHECK(chosen(own).plugin == "ddim");
}

TEST_CASE(
    "the pipeline's corrections of steps_offset and clip_sample are made, and told where the file says otherwise") {
  const Blueprint plain = Variant(Json::object()).blueprint();
  const Blueprint silent = Variant(Json::object(), "PNDMScheduler", {"steps_offset", "clip_sample"}).blueprint();
  CHECK(same_run(chosen(silent), chosen(plain)));
  CHECK(warnings_of(silent) == "");
  CHECK(explains(silent, "scheduler steps_offset", "1"));
  CHECK(explains(silent, "scheduler clip_sample", "false"));

  const Blueprint wrong = Variant(Json({{"steps_offset", 0}})).blueprint();
  CHECK(same_run(chosen(wrong), chosen(plain)));
  CHECK(says(warnings_of(wrong), "steps_offset is 0: 1 is used"));

  const Blueprint clipped =
      Variant({{"_class_name", "DDIMScheduler"}, {"clip_sample", true}}, "DDIMScheduler").blueprint();
  CHECK(clipped.scheduler.config.at("clip_sample") == false);
  CHECK(says(warnings_of(clipped), "clip_sample is true: false is used"));
  // Whoever says so in the request means it.
  CHECK_FALSE(same_run(chosen(wrong, "", {{"steps_offset", 0}}), chosen(plain)));
}

TEST_CASE("a class that nobody implements is stood in for by its kin, with a warning that names both") {
  const auto standing_in = [](const std::string& name, const Json& more = Json::object()) {
    Json changes = more;
    changes["_class_name"] = name;
    const Blueprint blueprint = Variant(changes, name).blueprint();
    CHECK(says(warnings_of(blueprint), name));
    CHECK(says(warnings_of(blueprint), "'" + chosen(blueprint).plugin + "' is used instead"));
    return chosen(blueprint).plugin;
  };
  CHECK(standing_in("CosineDPMSolverMultistepScheduler", {{"solver_type", "midpoint"}}) == "dpm_solver_multistep");
  CHECK(standing_in("CogVideoXDDIMScheduler") == "ddim");

  const Blueprint nobody =
      Variant({{"_class_name", "NobodysScheduler"}, {"solver_type", "logrho"}}, "NobodysScheduler").blueprint();
  CHECK(says(warnings_of(nobody), "NobodysScheduler, which no plugin implements"));
  CHECK(says(warnings_of(nobody), "no use is made of"));
  CHECK(says(warnings_of(nobody), "'solver_type'"));
}

TEST_CASE("every class that a scheduler implements is that scheduler in a model's files, without a warning") {
  for (const SchedulerFactory* factory : built_in_registry()->of<SchedulerFactory>().all())
    for (const std::string& name : factory->info().classes) {
      INFO(name);
      const Blueprint blueprint = Variant({{"_class_name", name}}, name).blueprint();
      CHECK(warnings_of(blueprint) == "");
      CHECK(chosen(blueprint).plugin == factory->info().id);
    }
}

TEST_CASE("a class says by its name what the network predicts, whoever samples and whatever another class has left") {
  const std::string flow = "FlowMatchEulerDiscreteScheduler";
  const Blueprint of_flow =
      Variant({{"_class_name", flow}, {"prediction_type", "epsilon"}, {"shift", 3}}, flow).blueprint();
  for (const char* asked : {"", "heun", "dpm++", "unipc"}) {
    const ChosenScheduler one = chosen(of_flow, asked);
    INFO(one.plugin);
    CHECK(one.noise_model->path() == NoisePath::flow);
    CHECK(one.scheduler->plan(5, *one.noise_model).levels[1].sigma > 0.8);  // the shift holds
    CHECK(one.options.at("prediction_type") == "flow_prediction");
  }
  CHECK(explains(of_flow, "noise schedule prediction_type", "\"flow_prediction\""));
  const ChosenScheduler refused = chosen(of_flow, "ddim");
  CHECK(says(error_of([&] { refused.scheduler->plan(5, *refused.noise_model); }).sentence(), "by flow matching"));

  const std::string edm = "EDMDPMSolverMultistepScheduler";
  const Blueprint of_edm = Variant({{"_class_name", edm}, {"sigma_data", 1}, {"sigma_max", 120}}, edm).blueprint();
  for (const char* asked : {"", "euler", "heun"}) {
    const ChosenScheduler one = chosen(of_edm, asked);
    INFO(one.plugin);
    CHECK(one.noise_model->path() == NoisePath::edm);
    CHECK(one.noise_model->options().sigma_data == 1);
    CHECK(one.scheduler->plan(5, *one.noise_model).levels.front().sigma == 120);
  }
}

TEST_CASE("sigma_min and sigma_max are EDM's own, else those samplers' that have them, else nobody's") {
  const Blueprint plain = Variant(Json::object()).blueprint();
  const Json range = {{"sigma_max", 5}, {"use_karras_sigmas", true}};
  const ChosenScheduler euler = chosen(plain, "euler", range);
  CHECK(euler.scheduler->plan(5, *euler.noise_model).levels.front().sigma == 5);
  CHECK(says(error_of([&] { chosen(plain, "heun", range); }).what(), "'sigma_max' is not an option"));
}

TEST_CASE("other schedulers of flow matching and EDM are refused, unless the configuration names another") {
  for (const std::string name : {"FlowMatchLCMScheduler", "EDMAncestralScheduler"}) {
    const Error error = error_of([&] { Variant({{"_class_name", name}}, name).blueprint(); });
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(says(error.sentence(), name));
    CHECK(says(error.sentence(), "Name a scheduler and what the network predicts"));
  }
}

TEST_CASE("members that no scheduler knows are told; those of other schedulers are not") {
  CHECK(warnings_of(Variant(Json({{"eta", 0.5}, {"use_karras_sigmas", true}})).blueprint()) == "");
  const std::string told = warnings_of(Variant(Json({{"sharpness", 3}, {"_note", "mine"}})).blueprint());
  CHECK(says(told, "that no scheduler here knows, which are passed over: 'sharpness'"));
}

TEST_CASE("a request for another scheduler takes of the file what fits it") {
  const Blueprint odd = Variant(Json({{"solver_type", "of another kind"}, {"solver_order", 3}})).blueprint();
  const auto dpm = chosen(odd, "dpm_solver_multistep");
  CHECK(dpm.plugin == "dpm_solver_multistep");
  CHECK(same_run(dpm, chosen(Variant(Json::object()).blueprint(), "dpm_solver_multistep")));
}

TEST_CASE("a scheduler for distilled networks is cautioned of where the model's files do not name it") {
  const SchedulerSource plain = Variant(Json::object()).blueprint().scheduler;
  CHECK(says(scheduler_caution(*built_in_registry(), plain, "LCM"), "distilled"));
  CHECK(scheduler_caution(*built_in_registry(), plain, "euler") == "");
  CHECK(scheduler_caution(*built_in_registry(), plain, "") == "");
  for (const auto& [name, id] : std::map<std::string, std::string>{{"LCMScheduler", "lcm"}, {"TCDScheduler", "tcd"}})
    CHECK(scheduler_caution(*built_in_registry(), Variant({{"_class_name", name}}, name).blueprint().scheduler, id) ==
          "");
}

namespace {

using Metadata = std::map<std::string, std::string>;

/// The small model as one file with no scheduler in its settings, and what the test puts beside it.
class SingleFile {
 public:
  explicit SingleFile(const Metadata& metadata = {}, const Json& scheduler = nullptr,
                      const std::string& more = "") {
    const auto whole = SafetensorsFile::open(kTiny.string() + ".safetensors");
    std::map<std::string, Tensor> tensors;
    for (const auto& tensor : whole->index().tensors) tensors[tensor.first] = whole->tensor(tensor.first);
    if (!more.empty()) tensors[more] = at::zeros({});
    write_safetensors(folder_ / "x.safetensors", tensors, metadata);
    Json settings = read_json_file(kTiny.string() + ".json");
    settings["scheduler"] = scheduler;
    folder_.write("x.json", settings.dump());
  }
  void write_yaml(const std::string& text) const { folder_.write("x.yaml", text); }

  Blueprint blueprint() const {
    ModelConfig model;
    model.id = "sd/x";
    model.source = folder_ / "x.safetensors";
    return make_blueprint(*built_in_registry(), HostConfig(), model);
  }
  Prediction prediction() const { return chosen(blueprint()).noise_model->prediction(); }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("v-prediction is told by the original configuration beside a file") {
  const SingleFile file;
  CHECK(file.prediction() == Prediction::epsilon);
  file.write_yaml("model:\n  params:\n    parameterization: \"v\"  # as in 768-v\n    linear_start: 0.00085\n");
  CHECK(file.prediction() == Prediction::v_prediction);
  CHECK(warnings_of(file.blueprint()) == "");
  file.write_yaml("model: {}\n# parameterization: \"v\"\n");
  CHECK(file.prediction() == Prediction::epsilon);
  file.write_yaml(std::string(2 << 20, 'x'));
  CHECK(says(error_of([&] { file.blueprint(); }).place(), "x.yaml"));
}

TEST_CASE("v-prediction is told by a file's metadata and the names of its tensors, and conflicts are told") {
  CHECK(SingleFile(Metadata{{"modelspec.prediction_type", "v"}}).prediction() == Prediction::v_prediction);
  CHECK(SingleFile(Metadata{{"modelspec.prediction_type", "epsilon"}}).prediction() == Prediction::epsilon);
  CHECK(SingleFile(Metadata{{"modelspec.architecture", "stable-diffusion-v2-768-v"}}).prediction() == Prediction::v_prediction);
  CHECK(SingleFile({}, nullptr, "v_pred").prediction() == Prediction::v_prediction);

  const SingleFile torn(Metadata{{"modelspec.prediction_type", "v"}});
  torn.write_yaml("parameterization: eps\n");
  CHECK(torn.prediction() == Prediction::epsilon);
  CHECK(says(warnings_of(torn.blueprint()),
             "predicts v_prediction by its metadata (modelspec.prediction_type), but epsilon by x.yaml"));

  const SingleFile settled(Metadata{{"modelspec.prediction_type", "v"}}, {{"prediction_type", "epsilon"}});
  CHECK(settled.prediction() == Prediction::epsilon);
  CHECK(says(warnings_of(settled.blueprint()), "but epsilon by the settings beside it, which counts"));
}

TEST_CASE("the pipeline's corrections are made for single files too") {
  const SingleFile odd({}, {{"_class_name", "DDIMScheduler"}, {"clip_sample", true}, {"steps_offset", 0}});
  CHECK(odd.blueprint().scheduler.config.at("clip_sample") == false);
  CHECK(odd.blueprint().scheduler.config.at("steps_offset") == 1);
}

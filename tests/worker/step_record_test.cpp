#include "server/worker/session/step_record.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <csignal>
#include <random>
#include <set>

#include "core/host/settings.h"
#include "server/worker/session/run_identity.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// A run of the golden model with a record: what came out, and who answered.
struct Run {
  std::vector<Tensor> pictures;
  size_t computed = 0;  ///< calls of the network
  size_t steps = 0;     ///< all that were done
  size_t resumed = 0;   ///< of them, before the first call of the network
  std::vector<std::string> notes;  ///< of batches that the record said were made
  size_t largest = 0;   ///< bytes of the record after a batch
};

struct Interrupted {};

/// No file grows beyond it while this lives: writing fails, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

class RecordedRun {
 public:
  RecordedRun(Composer& composer, std::filesystem::path file, RecordLimits limits = {})
      : composer_(composer), file_(std::move(file)), limits_(limits) {}

  /// Breaks off, as a death would, before the call that follows `most_calls` computed ones.
  Run operator()(const GenerateRequest& request, size_t most_calls = 1000) {
    const c10::InferenceMode no_gradients;
    PreparedRequest prepared = composer_.prepare(request, false);
    StepRecord record(file_, run_identity("programs", prepared), limits_);
    if (!request.seed && record.seed()) prepared.settings.seed = *record.seed();
    record.begin(prepared.settings.seed);
    Run run;
    GenerateHooks hooks;
    hooks.wrap_denoise = [&](Denoise network) {
      return record.wrap([&, network = std::move(network)](const Tensor& x, const Level& level) {
        if (run.computed == most_calls) throw Interrupted();
        ++run.computed;
        return network(x, level);
      });
    };
    hooks.on_progress = [&](const Progress& progress) {
      if (progress.stage != JobStage::denoise || progress.done == 0) return;
      ++run.steps;
      run.resumed += record.is_answering();
    };
    hooks.are_made = [&](int64_t first, int64_t images) {
      return record.pass_made([&](const std::string& note) {
        run.notes.push_back(note);
        return accepts_ && note == note_of(first, images);
      });
    };
    hooks.on_image = [&](const GeneratedImage& image) {
      run.pictures.push_back(image.pixels);
      const int64_t count = image.index % kLargestBatch + 1;
      const bool is_last = count == kLargestBatch || image.index + 1 == prepared.settings.n;
      if (!is_last) return;
      if (notes_) record.batch_is_made(note_of(image.index + 1 - count, count));
      if (std::filesystem::is_regular_file(file_)) run.largest = std::max(run.largest, bytes_of(file_).size());
    };
    try {
      generate(*prepared.model, prepared.settings, hooks, prepared.warnings);
    } catch (const Interrupted&) {
    }
    seed_ = prepared.settings.seed;
    return run;
  }

  uint64_t seed() const { return seed_; }
  const std::filesystem::path& file() const { return file_; }
  /// The pictures of a batch are said to be written; and found again, or not.
  RecordedRun& notes(bool accepts) {
    notes_ = true, accepts_ = accepts;
    return *this;
  }

 private:
  Composer& composer_;
  static std::string note_of(int64_t first, int64_t images) {
    return "pictures " + std::to_string(first) + " and on, " + std::to_string(images);
  }

  const std::filesystem::path file_;
  const RecordLimits limits_;
  bool notes_ = false, accepts_ = false;
  uint64_t seed_ = 0;
};

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!a[i].equal(b[i])) return false;
  return true;
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Samplers that draw no noise, draw it each step, and call the network twice a step; two batches.
GenerateRequest two_batches(const std::string& scheduler) {
  GenerateRequest request = small_request(kFolderModel);
  request.scheduler = scheduler;
  request.n = kLargestBatch + 1;
  request.steps = 2;
  return request;
}
const std::vector<std::string> kSamplers = {"euler_ancestral", "dpm++_sde", "heun"};

}  // namespace

TEST_CASE("a run that was broken off anywhere goes on from there, with the pictures of an undisturbed one") {
  Composer composer(golden_models(), built_in_registry());
  for (const std::string& scheduler : kSamplers) {
    const TempFolder folder;
    const GenerateRequest request = two_batches(scheduler);
    const Run whole = RecordedRun(composer, folder / "whole")(request);
    REQUIRE(whole.resumed == 0);
    REQUIRE(whole.computed >= whole.steps);
    for (size_t calls = 0; calls <= whole.computed; ++calls) {
      INFO(scheduler << ", broken off after " << calls << " calls of " << whole.computed);
      RecordedRun again(composer, folder / ("cut" + std::to_string(calls)));
      again(request, calls);
      const Run rest = again(request);
      CHECK(same(rest.pictures, whole.pictures));
      CHECK(rest.computed == whole.computed - calls);
      CHECK(rest.steps == whole.steps);
      CHECK(rest.resumed <= calls);
      if (whole.computed == whole.steps) CHECK(rest.resumed == calls);
    }
  }
}

TEST_CASE("a record that is cut at any byte answers what is whole, and the run goes on") {
  Composer composer(golden_models(), built_in_registry());
  std::mt19937 random(3);
  for (const std::string& scheduler : kSamplers) {
    const TempFolder folder;
    const GenerateRequest request = two_batches(scheduler);
    RecordedRun run(composer, folder / "record");
    const Run whole = run(request);
    const std::string bytes = bytes_of(run.file());
    for (int turn = 0; turn < 3; ++turn) {
      const size_t size = random() % bytes.size();
      INFO(scheduler << ", cut at " << size << " of " << bytes.size());
      write_bytes(run.file(), bytes.substr(0, size));
      const Run rest = run(request);
      CHECK(same(rest.pictures, whole.pictures));
      CHECK(rest.computed >= 1);
      CHECK(rest.computed <= whole.computed);
      CHECK(bytes_of(run.file()) == bytes);  // what was lost is there again
    }
  }
}

TEST_CASE("a record with a changed byte answers up to it, and the run goes on") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  std::mt19937 random(4);
  for (const std::string& scheduler : kSamplers) {
    const GenerateRequest request = two_batches(scheduler);
    RecordedRun run(composer, folder / scheduler);
    const Run whole = run(request);
    const std::string bytes = bytes_of(run.file());
    std::vector<size_t> places = {random() % bytes.size(), random() % bytes.size()};
    if (scheduler == "heun") places.insert(places.end(), {0, 9, 16, 33, 40, bytes.size() - 1});  // the head, the end
    for (const size_t place : places) {
      INFO(scheduler << ", byte " << place << " of " << bytes.size());
      std::string changed = bytes;
      changed[place] = static_cast<char>(changed[place] ^ (1 << random() % 8));
      write_bytes(run.file(), changed);
      const Run rest = run(request);
      CHECK(same(rest.pictures, whole.pictures));
      CHECK(rest.computed >= 1);
      CHECK(bytes_of(run.file()) == bytes);
    }
  }
}

TEST_CASE("a record of another run is not answered from") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = two_batches("heun");
  request.n = 1;
  const auto computed_after = [&](const GenerateRequest& other) {
    const TempFolder folder;
    RecordedRun run(composer, folder / "record");
    const Run first = run(request);
    const Run second = run(other);
    return std::make_pair(first.computed, second);
  };
  const auto anew = [&](const GenerateRequest& other) {
    const auto [first, second] = computed_after(other);
    CHECK(second.resumed == 0);
    CHECK(second.computed > 0);
    const TempFolder folder;
    CHECK(same(second.pictures, RecordedRun(composer, folder / "fresh")(other).pictures));
  };
  CHECK(computed_after(request).second.computed == 0);
  GenerateRequest other = request;
  SECTION("another seed") { anew((other.seed = 8, other)); }
  SECTION("another number of steps") { anew((other.steps = 3, other)); }
  SECTION("another model") { anew((other.model = kFileModel, other)); }
  SECTION("another prompt") { anew((other.prompt = "a cat", other)); }
  SECTION("another negative prompt") { anew((other.negative_prompt = "a cat", other)); }
  SECTION("another guidance") { anew((other.guidance_scale = 3, other)); }
  SECTION("another size") { anew((other.width = 136, other)); }
  SECTION("another scheduler") { anew((other.scheduler = "euler", other)); }
  SECTION("another option of the scheduler") { anew((other.scheduler_options = {{"use_karras_sigmas", true}}, other)); }
}

TEST_CASE("a run is another with other programs, threads, weights' files and noise schedules") {
  const TempFolder folder;
  std::filesystem::copy(golden_models().models_directory / "tiny_sd15", folder / "model",
                        std::filesystem::copy_options::recursive);
  HostConfig config;
  config.models_directory = folder.path();
  Composer composer(config, built_in_registry());
  const GenerateRequest request = small_request("sd/model");
  const auto identity = [&](const GenerateRequest& of) { return run_identity("a", composer.prepare(of, false)); };

  const std::string first = identity(request);
  CHECK(identity(request) == first);
  CHECK(run_identity("b", composer.prepare(request, false)) != first);
  GenerateRequest other = request;
  other.scheduler_options = {{"beta_end", 0.013}};
  CHECK(identity(other) != first);
  other = request;
  other.seed = 1234;
  CHECK(identity(other) == first);  // the record has it beside the identity

  const int threads = at::get_num_threads();
  at::set_num_threads(threads + 1);
  CHECK(identity(request) != first);
  at::set_num_threads(threads);
  CHECK(identity(request) == first);

  const auto weights = folder / "model/unet/diffusion_pytorch_model.safetensors";
  const auto time = std::filesystem::last_write_time(weights);
  std::filesystem::last_write_time(weights, time + std::chrono::seconds(1));
  CHECK(identity(request) != first);
}

TEST_CASE("a run is another with other options of its backend") {
  std::set<std::string> identities;
  for (const char* dtype : {"float32", "bfloat16"}) {
    HostConfig config = golden_models();
    config.backends["main"].plugin = "cpu";
    config.backends["main"].options = {{"dtype", dtype}};
    config.default_backend = "main";
    Composer composer(config, built_in_registry());
    const PreparedRequest prepared = composer.prepare(small_request(kFolderModel), false);
    CHECK(says(prepared.made_of, dtype));
    identities.insert(run_identity("a", prepared));
  }
  CHECK(identities.size() == 2);
}

TEST_CASE("the programs that run are told by file, size and time") {
  const std::string programs = loaded_programs();
  CHECK(says(programs, "/proc/self/exe@"));
  CHECK(says(programs, "libalice-core.so@"));
  CHECK(says(programs, "libtorch_cpu.so"));
  CHECK(says(programs, "/plugins/"));
}

TEST_CASE("a seed that was drawn is drawn once: the run that goes on has it, too") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  GenerateRequest request = two_batches("euler_ancestral");
  request.seed.reset();
  RecordedRun run(composer, folder / "record");
  run(request, 2);
  const uint64_t drawn = run.seed();
  const Run rest = run(request);
  CHECK(run.seed() == drawn);
  CHECK(rest.resumed == 2);
  request.seed = static_cast<int64_t>(drawn);
  CHECK(same(rest.pictures, RecordedRun(composer, folder / "other")(request).pictures));
}

TEST_CASE("a run whose record cannot be kept is made without one") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  const GenerateRequest request = two_batches("euler");
  const Run whole = RecordedRun(composer, folder / "record")(request);
  CHECK(same(RecordedRun(composer, folder / "none/record")(request).pictures, whole.pictures));
  CHECK(same(RecordedRun(composer, folder.path())(request).pictures, whole.pictures));  // a folder, no file
}

TEST_CASE("a disk that becomes full ends the record, not the run, and the room is given back") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  const GenerateRequest request = two_batches("euler");
  const Run whole = RecordedRun(composer, folder / "whole")(request);
  const size_t entry = 4 * kLargestBatch * 16 * 16 * sizeof(float);  // latents of a batch at 128x128
  RecordedRun run(composer, folder / "record");
  {
    const FileSizeLimit limit(2 * entry);  // room for one entry, and a part of the next
    CHECK(same(run(request).pictures, whole.pictures));
    CHECK_FALSE(std::filesystem::exists(run.file()));
  }
  const Run rest = run(request);
  CHECK(rest.resumed == 0);
  CHECK(same(rest.pictures, whole.pictures));
  CHECK(bytes_of(run.file()) == bytes_of(folder / "whole"));
}

TEST_CASE("a batch whose pictures are written leaves a note in the record, and is not made again") {
  Composer composer(golden_models(), built_in_registry());
  for (const std::string& scheduler : kSamplers) {
    const TempFolder folder;
    const GenerateRequest request = two_batches(scheduler);
    const Run whole = RecordedRun(composer, folder / "whole")(request);
    const size_t first_batch = whole.computed / 2;
    for (const size_t calls : {first_batch, first_batch + 1, whole.computed}) {
      INFO(scheduler << ", broken off after " << calls << " calls");
      RecordedRun run(composer, folder / ("cut" + std::to_string(calls)));
      CHECK(run.notes(true)(request, calls).largest < 300);
      const Run rest = run(request);
      CHECK(rest.notes.size() == (calls == whole.computed ? 2 : 1));
      CHECK(rest.computed == whole.computed - calls);
      CHECK(same(rest.pictures, {whole.pictures.begin() + (whole.pictures.size() - rest.pictures.size()),
                                 whole.pictures.end()}));
      CHECK(rest.pictures.size() == (calls == whole.computed ? 0 : 1));
    }
  }
}

TEST_CASE("pictures that are not there any more are made again, with the same bytes") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  const GenerateRequest request = two_batches("euler_ancestral");
  const Run whole = RecordedRun(composer, folder / "whole")(request);
  RecordedRun run(composer, folder / "record");
  run.notes(true)(request);
  const Run again = run.notes(false)(request);
  CHECK(again.notes.size() == 1);
  CHECK(again.computed == whole.computed);
  CHECK(same(again.pictures, whole.pictures));
}

TEST_CASE("a record has a largest size: what is in it counts, the next batch has room again") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  const GenerateRequest request = two_batches("euler");
  const Run whole = RecordedRun(composer, folder / "whole")(request);
  const int64_t entry = 4 * kLargestBatch * 16 * 16 * sizeof(float);
  RecordedRun run(composer, folder / "record", {entry + 500, 0});
  CHECK(same(run(request).pictures, whole.pictures));
  CHECK(std::filesystem::file_size(run.file()) <= static_cast<size_t>(entry + 500));
  const Run rest = run(request);
  CHECK(rest.resumed == 1);
  CHECK(same(rest.pictures, whole.pictures));

  RecordedRun noted(composer, folder / "noted", {entry + 500, 0});
  noted.notes(true)(request, 3);  // one call of the second batch, whose entry is smaller
  CHECK(noted(request).resumed == 1);
}

TEST_CASE("no record is kept where none may be, or where its room is others'") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder folder;
  const GenerateRequest request = two_batches("euler");
  const Run whole = RecordedRun(composer, folder / "whole")(request);
  RecordedRun none(composer, folder / "none", {0, 0});
  CHECK(same(none(request).pictures, whole.pictures));
  CHECK_FALSE(std::filesystem::exists(none.file()));
}

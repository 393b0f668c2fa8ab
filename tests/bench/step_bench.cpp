// One step of a UNet and one decoding of a VAE, by kinds of layers, for one backend or for two that take turns. A
// program for people, not a test: it asks for quiet. CPU time divided by the threads is what a quiet machine would take
// at least; the wall shows what other programs and waiting threads add.
//
//   step_bench MODEL SIDE ROUNDS BACKEND:DTYPE [BACKEND:DTYPE]
//
// MODEL is a diffusers folder, SIDE the picture's in pixels.

#include <ATen/Parallel.h>

#include <cstdio>
#include <cstdlib>

#include "core/io/model_files.h"
#include "tests/bench/measured_backend.h"
#include "tests/bench/peak.h"
#include "tests/support/plugin.h"

using namespace alice;
using namespace alice::bench;

namespace {

/// The shortest of the rounds.
struct Best {
  double wall = 1e30, cpu = 1e30;
  std::map<std::string, Account> kinds;
};

struct Subject {
  std::string name;
  std::shared_ptr<MeasuredBackend> backend;
  std::shared_ptr<const UNet> unet;
  std::unique_ptr<UNetRun> run;
  std::shared_ptr<const Vae> vae;
  Best step, decoding;
};

template <class FactoryPtr>
auto load(const std::vector<FactoryPtr>& factories, const ModelFiles& files, std::shared_ptr<const Backend> backend) {
  const auto recognition = factories.front()->recognise(files);
  return factories.front()->create(files, *recognition, std::move(backend), {});
}

Subject make_subject(const std::string& name, const std::string& model) {
  const std::string id = name.substr(0, name.find(':')), dtype = name.substr(name.find(':') + 1);
  static std::vector<test::Plugin> plugins;
  plugins.push_back(test::load_plugin("alice-backend-" + id));
  Subject subject;
  subject.name = name;
  subject.backend =
      std::make_shared<MeasuredBackend>(test::factory_by_id(plugins.back().backends, id)
                                            .create({{Json{{"dtype", dtype}}, UnknownKeys::fault, json_places("")}}));
  subject.unet = load(test::load_plugin("alice-model-unet2d").unets, open_part(model, "unet"), subject.backend);
  subject.vae = load(test::load_plugin("alice-model-autoencoder-kl").vaes, open_part(model, "vae"), subject.backend);
  subject.run = subject.unet->prepare({{"tokens", at::randn({2, 77, subject.unet->info().context_width})}});
  return subject;
}

template <class Work>
void measure(Subject& subject, Best& best, const Work& work) {
  subject.backend->clear();
  const double wall = wall_now(), cpu = cpu_now();
  work();
  const double wall_taken = wall_now() - wall, cpu_taken = cpu_now() - cpu;
  best.wall = std::min(best.wall, wall_taken);
  best.cpu = std::min(best.cpu, cpu_taken);
  for (const auto& [kind, account] : subject.backend->accounts()) {
    Account& kept = best.kinds.emplace(kind, account).first->second;
    kept.wall_seconds = std::min(kept.wall_seconds, account.wall_seconds);
    kept.cpu_seconds = std::min(kept.cpu_seconds, account.cpu_seconds);
  }
}

void print(const std::string& what, const Best& best, double peak, int threads) {
  std::printf("\n%-18s %6s %9s %9s %9s %9s %6s\n", what.c_str(), "calls", "GFLOP", "wall s", "cpu s/thr", "GFLOP/s",
              "peak");
  double in_layers = 0;
  Account all;
  const auto line = [&](const char* name, const Account& account) {
    const double seconds = account.cpu_seconds / threads, rate = account.flops / seconds * 1e-9;
    std::printf("%-18s %6lld %9.1f %9.3f %9.3f %9.1f %5.0f%%\n", name, static_cast<long long>(account.calls),
                account.flops * 1e-9, account.wall_seconds, seconds, rate, 100 * rate / peak);
  };
  for (const auto& [kind, account] : best.kinds) {
    line(kind.c_str(), account);
    in_layers += account.cpu_seconds;
    all.calls += account.calls;
    all.flops += account.flops;
  }
  line("between layers", {0, 0, best.cpu - in_layers, 0});
  all.wall_seconds = best.wall, all.cpu_seconds = best.cpu;
  line("all", all);
  std::printf("floor %.3f s; wall %.2f times, cpu %.2f times the floor\n", all.flops * 1e-9 / peak,
              best.wall / (all.flops * 1e-9 / peak), best.cpu / threads / (all.flops * 1e-9 / peak));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    std::fprintf(stderr, "usage: step_bench MODEL SIDE ROUNDS BACKEND:DTYPE [BACKEND:DTYPE]\n");
    return 2;
  }
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  if (wanted != nullptr) at::set_num_threads(std::atoi(wanted));  // libtorch 1.13 starts with one thread unless told
  const int threads = at::get_num_threads();
  const int64_t side = std::atoll(argv[2]) / 8;
  const int rounds = std::atoi(argv[3]);
  at::manual_seed(1);
  const Tensor latents = at::randn({2, 4, side, side}), t = at::full({2}, 500.0);
  std::vector<Subject> subjects;
  for (int k = 4; k < argc; ++k) subjects.push_back(make_subject(argv[k], argv[1]));
  double float32 = 0, bfloat16 = 0;
  for (int round = 0; round <= rounds; ++round)
    for (Subject& subject : subjects) {
      if (round == 1) subject.step = subject.decoding = {};  // the first packed the weights
      float32 = std::max(float32, peak_float32()), bfloat16 = std::max(bfloat16, peak_bfloat16());
      measure(subject, subject.step, [&] { subject.run->predict(latents, t); });
      if (round <= 1) measure(subject, subject.decoding, [&] { subject.vae->decode(latents.narrow(0, 0, 1)); });
    }
  std::printf("peak of one core: float32 %.1f, bfloat16 %.1f GFLOP/s; %d threads\n", float32, bfloat16, threads);
  for (const Subject& subject : subjects) {
    const double peak = threads * (subject.backend->dtype() == at::kFloat ? float32 : bfloat16);
    print(subject.name + " step", subject.step, peak, threads);
    print(subject.name + " VAE", subject.decoding, peak, threads);
  }
  return 0;
}

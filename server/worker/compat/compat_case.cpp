#include <exception>

#include "server/worker/compat/compat.h"

namespace alice {

CompatCase::CompatCase(std::string part, std::string id) {
  result_.part = std::move(part);
  result_.id = std::move(id);
}

void CompatCase::fail(const std::string& sentence) {
  result_.status = CaseStatus::failed;
  result_.sentence += (result_.sentence.empty() ? "" : "; ") + sentence;
}

void CompatCase::measured(const std::string& name, double error, double tolerance) {
  const bool good = error <= tolerance;  // false for NaN
  const bool is_first = !result_.error || *result_.tolerance == 0;  // before it nothing, or what had to be equal
  const bool worst = is_first || !good || error / tolerance > *result_.error / *result_.tolerance;
  if (worst) result_.error = error, result_.tolerance = tolerance;
  if (good) return;
  fail(name + " differs by " + dump_json(error) + ", allowed " + dump_json(tolerance));
}

void CompatCase::close(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance) {
  if (ours.sizes() != golden.sizes())
    return fail(name + " has shape " + shape_text(ours.sizes().vec()) + ", the golden " +
                shape_text(golden.sizes().vec()));
  const double error = ours.numel() ? (ours.to(at::kDouble) - golden.to(at::kDouble)).abs().max().item<double>() : 0;
  measured(name, error, tolerance);
}

void CompatCase::close_relative(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance) {
  const double largest = golden.numel() ? golden.to(at::kDouble).abs().max().item<double>() : 0;
  const double scale = largest > 0 ? largest : 1;
  close(name, ours.to(at::kDouble) / scale, golden.to(at::kDouble) / scale, tolerance);
}

void CompatCase::equal(const std::string& name, const Tensor& ours, const Tensor& golden) {
  if (ours.sizes() != golden.sizes())
    return fail(name + " has shape " + shape_text(ours.sizes().vec()) + ", the golden " +
                shape_text(golden.sizes().vec()));
  if (!ours.equal(golden))
    return fail(name + " is not equal in " + std::to_string(ours.ne(golden).sum().item<int64_t>()) + " places");
  if (!result_.error) result_.error = 0, result_.tolerance = 0;
}

void run_case(CompatRun& run, const std::string& part, const std::string& id, bool in_scope,
              const std::function<void(CompatCase&)>& body) {
  in_scope = in_scope && run.scope.parts.count(part);
  CompatCase one(part, id);
  try {
    body(one);
    run.report.add(one.result());
  } catch (const Skip& skip) {
    run.report.skip(part, id, skip.reason, in_scope);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::unsupported)
      run.report.skip(part, id, e.what(), in_scope);
    else
      run.report.fail(part, id, e.what());
  } catch (const std::exception& e) {
    run.report.fail(part, id, e.what());
  }
}

}  // namespace alice

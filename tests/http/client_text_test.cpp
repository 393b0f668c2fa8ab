#include "server/front/http/client_text.h"

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("strangers are told which file is meant, not where it is") {
  const std::vector<std::filesystem::path> roots = {"/home/ann/models", "/home/ann/models/hub", "/srv/my data"};
  const auto told = [&](const char* text) { return without_folders(text, roots); };
  CHECK(told("/home/ann/models/emoji/unet/config.json: is no valid JSON") == "emoji/unet/config.json: is no valid JSON");
  CHECK(told("cannot read '/home/ann/models/hub/x/a.json' (/home/ann/models/b)") == "cannot read 'x/a.json' (b)");
  CHECK(told("/srv/my data/jobs.sqlite: the job database failed") == "jobs.sqlite: the job database failed");
  CHECK(told("/home/ann/models") == "models");
  CHECK(told("/home/ann/modelsx/a") == "a");
  CHECK(told("/usr/lib/alice/libx.so") == "libx.so");
  CHECK(told("in \"/var/lib/a.b/c\", then /d/e.") == "in \"c\", then e.");
  CHECK(told("sd/emoji at http://127.0.0.1:80/v1/jobs, unet/x.json, /width") ==
        "sd/emoji at http://127.0.0.1:80/v1/jobs, unet/x.json, /width");
  CHECK(told("") == "");
  CHECK(told("/") == "/");
  const Json json = {{"file", "/opt/x/liba.so"}, {"list", {{{"why", "/home/ann/models/a: no"}}, 3}}};
  CHECK(json_without_folders(json, roots) == Json{{"file", "liba.so"}, {"list", {{{"why", "a: no"}}, 3}}});
}

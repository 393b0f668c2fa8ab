#pragma once
// The commands of `alice`, a file a group. Each function declares its commands and how their texts are read.

#include "server/cli/grammar.h"

namespace alice {

void add_serve_commands(Grammar& grammar);       ///< serve, work
void add_generate_command(Grammar& grammar);     ///< generate
void add_compare_command(Grammar& grammar);      ///< compare
void add_listing_commands(Grammar& grammar);     ///< models, plugins, show
void add_config_commands(Grammar& grammar);      ///< config explain, show, init, path
void add_check_commands(Grammar& grammar);       ///< check config, model, load, infer, compat
void add_make_model_command(Grammar& grammar);   ///< make-model
void add_keys_commands(Grammar& grammar);        ///< keys create, list, revoke
void add_storage_commands(Grammar& grammar);     ///< storage status, sweep
void add_users_commands(Grammar& grammar);      ///< users create, list, approve, disable, enable, password, bootstrap
void add_bench_commands(Grammar& grammar);       ///< bench, bench-subject
void add_plugin_commands(Grammar& grammar);      ///< plugin new, check, try, and what they start

}  // namespace alice

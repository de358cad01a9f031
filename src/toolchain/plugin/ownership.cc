/* SPDX-License-Identifier: MIT */
/*
 * The ownership plugin: a pass that reads each function and changes nothing.
 *
 * clew_ownership.so for gcc's -fplugin.  Reports misuse of owners (own.h) and
 * statics that no cell declared as its state as errors.  It does not follow
 * owners through calls, loops over elements, or memory that two pointers
 * reach; README, Limits.
 */
#include "check.h"
#include "fields.h"
#include "marks.h"

int plugin_is_GPL_compatible;

static const struct pass_data ownership_data = {
	GIMPLE_PASS, "clew_ownership", OPTGROUP_NONE, TV_NONE, PROP_cfg, 0, 0, 0, 0,
};

namespace
{
class ownership_pass : public gimple_opt_pass
{
      public:
	explicit ownership_pass(gcc::context *context) : gimple_opt_pass(ownership_data, context)
	{
	}

	unsigned int execute(struct function *function) final override
	{
		check(function).run();
		fields_check(function);
		return 0;
	}
};
} // namespace

/* A cell's mutable statics are the one struct that CELL_STATE() declares. */
static void check_static(void *declaration, void *data)
{
	tree variable = (tree)declaration;

	if (!VAR_P(variable) || !TREE_STATIC(variable) || DECL_EXTERNAL(variable) ||
	    TREE_READONLY(variable) || mark_is_state(variable) || DECL_IN_SYSTEM_HEADER(variable))
		return;
	if (DECL_VISIBILITY(variable) == VISIBILITY_DEFAULT && TREE_PUBLIC(variable))
		return;
	error_at(DECL_SOURCE_LOCATION(variable),
		 "mutable static %qD outside the state of the cell: make it a field of the struct "
		 "that CELL_STATE() declares, or const",
		 variable);
}

/* The files that were compiled with another plugin are compiled again. */
extern void deps_add_dep(class mkdeps *, const char *);

static void depend_on_plugin(void *event, void *path)
{
	class mkdeps *dependencies = cpp_get_deps(parse_in);

	if (dependencies != NULL)
		deps_add_dep(dependencies, (const char *)path);
}

int plugin_init(struct plugin_name_args *arguments, struct plugin_gcc_version *version)
{
	struct register_pass_info pass = {};

	if (!plugin_default_version_check(version, &gcc_version))
		return 1;
	marks_register(arguments->base_name);
	pass.pass = new ownership_pass(g);
	pass.reference_pass_name = "cfg";
	pass.ref_pass_instance_number = 1;
	pass.pos_op = PASS_POS_INSERT_AFTER;
	register_callback(arguments->base_name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	register_callback(arguments->base_name, PLUGIN_FINISH_DECL, check_static, NULL);
	register_callback(arguments->base_name, PLUGIN_START_UNIT, depend_on_plugin,
			  (void *)arguments->full_name);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The attributes, and how types, parameters and functions are known.  See
 * marks.h.
 */
#include "marks.h"

#include <string.h>

#include <set>
#include <string>
#include <tuple>
#include <utility>

/* Who implements what: the module of the mark and the type. */
static std::set<std::pair<std::string, const_tree>> implementations;

/* Marks of parameters: a definition does not repeat what its declaration says. */
static std::set<std::tuple<const_tree, unsigned int, std::string>> parameters;

static const char *spelled_in(location_t where)
{
	expanded_location place;

	where = linemap_resolve_location(line_table, where, LRK_SPELLING_LOCATION, NULL);
	place = expand_location(where);
	return place.file == NULL ? "" : place.file;
}

static const char *expanded_in(location_t where)
{
	const char *file = expand_location(where).file;

	return file == NULL ? "" : file;
}

/* A header and the C file of its name are one module. */
static std::string module_of(const char *file)
{
	std::string path = file;
	size_t dot = path.rfind('.');

	return dot == std::string::npos ? path : path.substr(0, dot);
}

static tree accept_mark(tree *node, tree name, tree arguments, int flags, bool *no_add)
{
	return NULL_TREE;
}

/* typedef T T __attribute__((clew_implements("reason"))): in this file. */
static tree accept_implements(tree *node, tree name, tree arguments, int flags, bool *no_add)
{
	tree type = TREE_TYPE(*node);

	*no_add = true;
	if (!mark_is_owner(type)) {
		error("%qT is no owner: OWN_IMPLEMENTS is for the types of OWNER()", type);
		return NULL_TREE;
	}
	if (TREE_CODE(TREE_VALUE(arguments)) != STRING_CST ||
	    TREE_STRING_LENGTH(TREE_VALUE(arguments)) < 2)
		error("OWN_IMPLEMENTS(%s, reason) wants a reason", mark_owner_name(type));
	implementations.insert(
		{ module_of(expanded_in(DECL_SOURCE_LOCATION(*node))), TYPE_MAIN_VARIANT(type) });
	return NULL_TREE;
}

/* The same for every owner type: of a header whose macros define functions. */
static tree accept_implements_any(tree *node, tree name, tree arguments, int flags, bool *no_add)
{
	*no_add = true;
	implementations.insert({ module_of(expanded_in(DECL_SOURCE_LOCATION(*node))), NULL_TREE });
	return NULL_TREE;
}

static struct attribute_spec attributes[] = {
	{ "clew_owner", 0, 0, false, true, false, false, accept_mark, NULL },
	{ "clew_implements", 1, 1, true, false, false, false, accept_implements, NULL },
	{ "clew_implements_any", 1, 1, true, false, false, false, accept_implements_any, NULL },
	{ "clew_taken", 0, 0, true, false, false, false, accept_mark, NULL },
	{ "clew_kept", 1, 1, true, false, false, false, accept_mark, NULL },
	{ "clew_task_start", 0, 0, true, false, false, false, accept_mark, NULL },
};

static void register_attributes(void *event, void *data)
{
	for (struct attribute_spec &attribute : attributes)
		register_attribute(&attribute);
}

static void remember_parameters(void *declaration, void *data)
{
	tree function = (tree)declaration;
	unsigned int i = 0;

	if (TREE_CODE(function) != FUNCTION_DECL)
		return;
	for (tree it = DECL_ARGUMENTS(function); it != NULL_TREE; it = DECL_CHAIN(it), i++)
		for (const char *mark : { "clew_taken", "clew_kept" })
			if (lookup_attribute(mark, DECL_ATTRIBUTES(it)) != NULL_TREE)
				parameters.insert({ DECL_NAME(function), i, mark });
}

/* own.h and cell.h put the attributes in when they are understood. */
static void define_checked(void *event, void *data)
{
	cpp_define(parse_in, "CLEW_CHECKED");
}

void marks_register(const char *plugin)
{
	register_callback(plugin, PLUGIN_ATTRIBUTES, register_attributes, NULL);
	register_callback(plugin, PLUGIN_START_UNIT, define_checked, NULL);
	register_callback(plugin, PLUGIN_FINISH_DECL, remember_parameters, NULL);
	register_callback(plugin, PLUGIN_FINISH_PARSE_FUNCTION, remember_parameters, NULL);
}

bool mark_is_owner(const_tree type)
{
	return TREE_CODE(type) == RECORD_TYPE &&
	       lookup_attribute("clew_owner", TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(type))) != NULL;
}

const char *mark_owner_name(const_tree type)
{
	tree name = TYPE_NAME(TYPE_MAIN_VARIANT(type));

	if (name != NULL_TREE && TREE_CODE(name) == TYPE_DECL)
		name = DECL_NAME(name);
	return name == NULL_TREE ? "owner" : IDENTIFIER_POINTER(name);
}

bool mark_holds_owner(const_tree type)
{
	if (TREE_CODE(type) == ARRAY_TYPE)
		return mark_holds_owner(TREE_TYPE(type));
	if (TREE_CODE(type) != RECORD_TYPE && TREE_CODE(type) != UNION_TYPE)
		return false;
	if (mark_is_owner(type))
		return true;
	for (tree field = TYPE_FIELDS(type); field != NULL_TREE; field = DECL_CHAIN(field))
		if (TREE_CODE(field) == FIELD_DECL && mark_holds_owner(TREE_TYPE(field)))
			return true;
	return false;
}

bool mark_implements(const_tree type, location_t where)
{
	std::string file = module_of(spelled_in(where));

	return implementations.count({ file, TYPE_MAIN_VARIANT(type) }) != 0 ||
	       implementations.count({ file, NULL_TREE }) != 0;
}

bool mark_implements_any(location_t where)
{
	return implementations.count({ module_of(spelled_in(where)), NULL_TREE }) != 0;
}

bool mark_in_own(location_t where)
{
	static const char name[] = "clew/own.h";
	const char *file = spelled_in(where);
	size_t length = strlen(file);

	return length >= sizeof(name) - 1 && strcmp(file + length - (sizeof(name) - 1), name) == 0;
}

bool mark_is_cleanup(const_tree function)
{
	static const char suffix[] = "_cleanup";
	const char *name;
	size_t length;

	if (function == NULL_TREE || DECL_NAME(function) == NULL_TREE)
		return false;
	name = IDENTIFIER_POINTER(DECL_NAME(function));
	length = strlen(name);
	return length > sizeof(suffix) - 1 &&
	       strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0;
}

/* What CELL_STATE(name, reason) declares: used, and a struct of its own name. */
bool mark_is_state(const_tree variable)
{
	static const char suffix[] = "_state";
	tree tag = TYPE_NAME(TREE_TYPE(variable));
	const char *name;
	size_t length;

	if (tag == NULL_TREE || TREE_CODE(tag) != IDENTIFIER_NODE || tag != DECL_NAME(variable))
		return false;
	name = IDENTIFIER_POINTER(tag);
	length = strlen(name);
	return length > sizeof(suffix) - 1 &&
	       strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0 &&
	       lookup_attribute("used", DECL_ATTRIBUTES(variable)) != NULL_TREE;
}

bool mark_is_kept(const_tree function, const_tree parameter)
{
	unsigned int i = 0;

	for (tree other = DECL_ARGUMENTS(function); other != parameter; other = DECL_CHAIN(other))
		i++;
	return parameters.count({ DECL_NAME(function), i, "clew_kept" }) != 0;
}

bool mark_is_task_start(const_tree function)
{
	return function != NULL_TREE &&
	       lookup_attribute("clew_task_start", DECL_ATTRIBUTES(function)) != NULL;
}

tree mark_parameter(const_tree function, unsigned int i)
{
	tree parameter = function == NULL_TREE ? NULL_TREE : DECL_ARGUMENTS(function);

	for (; parameter != NULL_TREE && i > 0; i--)
		parameter = DECL_CHAIN(parameter);
	return parameter;
}

tree mark_parameter_type(const gcall *call, unsigned int i)
{
	tree function_type = gimple_call_fntype(call);
	tree list = function_type == NULL_TREE ? NULL_TREE : TYPE_ARG_TYPES(function_type);

	for (; list != NULL_TREE && i > 0; i--)
		list = TREE_CHAIN(list);
	return list == NULL_TREE ? NULL_TREE : TREE_VALUE(list);
}

static bool is_output(const_tree parameter)
{
	const char *name;

	if (parameter == NULL_TREE || DECL_NAME(parameter) == NULL_TREE)
		return false;
	name = IDENTIFIER_POINTER(DECL_NAME(parameter));
	return strcmp(name, "ret") == 0 || strncmp(name, "ret_", 4) == 0;
}

enum parameter_use mark_parameter_use(const gcall *call, unsigned int i)
{
	tree function = gimple_call_fndecl(call);
	tree type = mark_parameter_type(call, i);

	if (type == NULL_TREE)
		return PARAMETER_OTHER;
	if (mark_is_owner(type))
		return PARAMETER_MOVED;
	if (!POINTER_TYPE_P(type))
		return PARAMETER_OTHER;
	if (!mark_is_owner(TREE_TYPE(type)))
		return VOID_TYPE_P(TREE_TYPE(type)) ? PARAMETER_BYTES : PARAMETER_OTHER;
	if (TYPE_READONLY(TREE_TYPE(type)))
		return PARAMETER_LENT;
	if (mark_is_cleanup(function))
		return PARAMETER_EMPTIED;
	if (function != NULL_TREE &&
	    parameters.count({ DECL_NAME(function), i, "clew_taken" }) != 0)
		return PARAMETER_TAKEN;
	return is_output(mark_parameter(function, i)) ? PARAMETER_WRITTEN : PARAMETER_LENT;
}

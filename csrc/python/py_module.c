/* The module minarrow._core: multi-phase, its state and types one set for each interpreter. */
#include "core/base/hash.h"
#include "python/py_home.h"
#include "python/py_module.h"
#include "python/py_thread.h"

static const struct {
    PyType_Spec *spec;
    size_t state_offset;
    bool is_file; /* derives from NativeFile */
} type_table[] = {
    {&pyma_Buffer_spec, offsetof(pyma_state, Buffer), false},
    {&pyma_DataType_spec, offsetof(pyma_state, DataType), false},
    {&pyma_Field_spec, offsetof(pyma_state, Field), false},
    {&pyma_Schema_spec, offsetof(pyma_state, Schema), false},
    {&pyma_Array_spec, offsetof(pyma_state, Array), false},
    {&pyma_Scalar_spec, offsetof(pyma_state, Scalar), false},
    {&pyma_RecordBatch_spec, offsetof(pyma_state, RecordBatch), false},
    {&pyma_NativeFile_spec, offsetof(pyma_state, NativeFile), false},
    {&pyma_BufferReader_spec, offsetof(pyma_state, BufferReader), true},
    {&pyma_BufferOutputStream_spec, offsetof(pyma_state, BufferOutputStream), true},
    {&pyma_MemoryMappedFile_spec, offsetof(pyma_state, MemoryMappedFile), true},
    {&pyma_OSFile_spec, offsetof(pyma_state, OSFile), true},
    {&pyma_StreamReader_spec, offsetof(pyma_state, StreamReader), false},
    {&pyma_FileReader_spec, offsetof(pyma_state, FileReader), false},
    {&pyma_StreamWriter_spec, offsetof(pyma_state, StreamWriter), false},
    {&pyma_FileWriter_spec, offsetof(pyma_state, FileWriter), false},
    {&pyma_StreamDecoder_spec, offsetof(pyma_state, StreamDecoder), false},
    {&pyma_BatchStream_spec, offsetof(pyma_state, BatchStream), false},
};

static PyMethodDef *const function_table[] = {
    pyma_buffer_functions,         pyma_type_functions,           pyma_alias_functions,
    pyma_field_functions,          pyma_schema_functions,         pyma_array_functions,
    pyma_batch_functions,          pyma_extension_functions,      pyma_option_functions,
    pyma_make_functions,           pyma_memory_map_functions,     pyma_stream_functions,
    pyma_capsule_export_functions, pyma_capsule_import_functions, pyma_dense_functions,
    pyma_fault_functions,
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static PyTypeObject **
type_at(pyma_state *state, size_t offset)
{
    return (PyTypeObject **)(void *)((char *)state + offset);
}

static int
add_types(PyObject *module, pyma_state *state)
{
    for (size_t i = 0; i < COUNT_OF(type_table); i++) {
        PyObject *base = type_table[i].is_file ? (PyObject *)state->NativeFile : NULL;
        PyObject *type = PyType_FromModuleAndSpec(module, type_table[i].spec, base);
        if (type == NULL) {
            return -1;
        }
        *type_at(state, type_table[i].state_offset) = (PyTypeObject *)type;
        if (PyModule_AddType(module, (PyTypeObject *)type) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The core's hashes take their secret from Python's own, which the process drew at random unless it
 * was told not to. */
static int
setup_hashes(void)
{
    static const char *const texts[] = {"minarrow, first word", "minarrow, second word"};
    uint64_t words[2];
    for (int i = 0; i < 2; i++) {
        PyObject *text = PyUnicode_FromString(texts[i]);
        const Py_hash_t hash = text != NULL ? PyObject_Hash(text) : -1;
        Py_XDECREF(text);
        if (hash == -1) {
            return -1;
        }
        words[i] = (uint64_t)hash;
    }
    ma_hash_set_secret(words);
    return 0;
}

static int
module_exec(PyObject *module)
{
    pyma_state *state = pyma_state_of_module(module);
    pyma_blocks_setup();
    state->modules = Py_NewRef(PyImport_GetModuleDict());
    state->extension_types = PyDict_New();
    if (state->extension_types == NULL || setup_hashes() < 0 || pyma_home_setup() < 0 ||
        pyma_threads_setup() < 0 || pyma_errors_setup(module, state) < 0 ||
        add_types(module, state) < 0 || pyma_types_setup(state) < 0 ||
        pyma_interval_setup(module, state) < 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT_OF(function_table); i++) {
        if (PyModule_AddFunctions(module, function_table[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Every reference of the state, once; the two users below say what to do with it. */
#define FOR_EACH_OBJECT(state, DO)                                        \
    do {                                                                  \
        DO((state)->ArrowException);                                      \
        DO((state)->ArrowInvalid);                                        \
        DO((state)->ArrowTypeError);                                      \
        DO((state)->ArrowKeyError);                                       \
        DO((state)->ArrowIndexError);                                     \
        DO((state)->ArrowNotImplementedError);                            \
        DO((state)->ArrowMemoryError);                                    \
        DO((state)->modules);                                             \
        DO((state)->extension_types);                                     \
        for (size_t i_ = 0; i_ < COUNT_OF((state)->simple_types); i_++) { \
            DO((state)->simple_types[i_]);                                \
        }                                                                 \
    } while (0)

static pyma_slot *
slot_at(pyma_state *state, size_t i)
{
    pyma_slot *const slots[] = {
        &state->datetime,     &state->Decimal,   &state->ZoneInfo,
        &state->MonthDayNano, &state->extension,
    };
    return i < COUNT_OF(slots) ? slots[i] : NULL;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    pyma_state *state = pyma_state_of_module(module);
    if (state == NULL) {
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(type_table); i++) {
        Py_VISIT(*type_at(state, type_table[i].state_offset));
    }
    for (size_t i = 0; slot_at(state, i) != NULL; i++) {
        PyObject *object = atomic_load(slot_at(state, i));
        Py_VISIT(object);
    }
    FOR_EACH_OBJECT(state, Py_VISIT);
    for (size_t i = 0; i < COUNT_OF(state->simple_types); i++) {
        PyObject *type = state->simple_types[i];
        /* the collector does not look into data types: who holds one alone tells of its class */
        if (type != NULL && Py_REFCNT(type) == 1) {
            Py_VISIT(Py_TYPE(type));
        }
    }
    return 0;
}

static int
module_clear(PyObject *module)
{
    pyma_state *state = pyma_state_of_module(module);
    if (state == NULL) {
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(type_table); i++) {
        Py_CLEAR(*type_at(state, type_table[i].state_offset));
    }
    for (size_t i = 0; slot_at(state, i) != NULL; i++) {
        Py_XDECREF(atomic_exchange(slot_at(state, i), NULL));
    }
    FOR_EACH_OBJECT(state, Py_CLEAR);
    return 0;
}

static void
module_free(void *module)
{
    (void)module_clear(module);
}

static PyObject *
attribute_of(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module);
    PyObject *found = imported != NULL ? PyObject_GetAttrString(imported, name) : NULL;
    Py_XDECREF(imported);
    return found;
}

PyObject *
pyma_import(pyma_slot *slot, const char *module, const char *name)
{
    PyObject *found = atomic_load_explicit(slot, memory_order_acquire);
    if (found != NULL) {
        return found;
    }
    found = name != NULL ? attribute_of(module, name) : PyImport_ImportModule(module);
    if (found == NULL) {
        return NULL;
    }
    PyObject *before = NULL;
    if (!atomic_compare_exchange_strong(slot, &before, found)) {
        Py_DECREF(found); /* another thread was quicker */
        return before;
    }
    return found;
}

PyObject *
pyma_call(const char *module, const char *function, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PyObject *args = Py_VaBuildValue(format, values);
    va_end(values);
    PyObject *result = args != NULL ? pyma_call_with(module, function, NULL, args, NULL) : NULL;
    Py_XDECREF(args);
    return result;
}

PyObject *
pyma_call_with(const char *module, const char *function, PyObject *first, PyObject *args,
               PyObject *kwargs)
{
    PyObject *all = first != NULL ? PyTuple_Pack(1, first) : Py_NewRef(args);
    if (first != NULL && all != NULL) {
        Py_SETREF(all, PySequence_Concat(all, args));
    }
    PyObject *called = all != NULL ? attribute_of(module, function) : NULL;
    PyObject *result = called != NULL ? PyObject_Call(called, all, kwargs) : NULL;
    Py_XDECREF(called);
    Py_XDECREF(all);
    return result;
}

int
pyma_find_imported(pyma_state *state, const char *module, const char *name, PyObject **out)
{
    PyObject *named;
    int found = pyma_find_key(state->modules, module, &named);
    *out = NULL;
    if (found > 0) {
        found = PyModule_Check(named) ? pyma_find_key(PyModule_GetDict(named), name, out) : 0;
    }
    Py_XDECREF(named);
    return found;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    PYMA_SLOT_INTERPRETERS PYMA_SLOT_GIL{0, NULL},
};

struct PyModuleDef pyma_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "minarrow._core",
    .m_doc = "Arrow IPC in C; use it through the package minarrow.",
    .m_size = sizeof(pyma_state),
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&pyma_module);
}

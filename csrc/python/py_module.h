/* What each file of the binding gives to the module: its type, its functions. A new file adds a
 * line to the tables in py_module.c and its declaration here. */
#ifndef PYMA_MODULE_H
#define PYMA_MODULE_H

#include "python/py_state.h"

extern PyType_Spec pyma_Buffer_spec;
extern PyType_Spec pyma_DataType_spec;
extern PyType_Spec pyma_Field_spec;
extern PyType_Spec pyma_Schema_spec;
extern PyType_Spec pyma_Array_spec;
extern PyType_Spec pyma_Scalar_spec;
extern PyType_Spec pyma_RecordBatch_spec;
extern PyType_Spec pyma_NativeFile_spec;
extern PyType_Spec pyma_BufferReader_spec;
extern PyType_Spec pyma_BufferOutputStream_spec;
extern PyType_Spec pyma_MemoryMappedFile_spec;
extern PyType_Spec pyma_OSFile_spec;
extern PyType_Spec pyma_StreamReader_spec;
extern PyType_Spec pyma_FileReader_spec;
extern PyType_Spec pyma_StreamWriter_spec;
extern PyType_Spec pyma_FileWriter_spec;
extern PyType_Spec pyma_StreamDecoder_spec;
extern PyType_Spec pyma_BatchStream_spec;

extern PyMethodDef pyma_buffer_functions[];
extern PyMethodDef pyma_type_functions[];
extern PyMethodDef pyma_alias_functions[];
extern PyMethodDef pyma_field_functions[];
extern PyMethodDef pyma_schema_functions[];
extern PyMethodDef pyma_array_functions[];
extern PyMethodDef pyma_batch_functions[];
extern PyMethodDef pyma_extension_functions[];
extern PyMethodDef pyma_memory_map_functions[];
extern PyMethodDef pyma_stream_functions[];
extern PyMethodDef pyma_option_functions[];
extern PyMethodDef pyma_capsule_export_functions[];
extern PyMethodDef pyma_capsule_import_functions[];
extern PyMethodDef pyma_dense_functions[];
extern PyMethodDef pyma_fault_functions[]; /* none, but in a build for tests of memory */
extern PyMethodDef pyma_make_functions[]; /* array, nulls, scalar, repeat */

/* Fill in the exceptions and add them to the module (py_errors.c). -1 with an exception. */
int
pyma_errors_setup(PyObject *module, pyma_state *state);

/* Make the named tuple MonthDayNano (py_interval.c). -1 with an exception. */
int
pyma_interval_setup(PyObject *module, pyma_state *state);

/* The parameter `name` of a data type; AttributeError where the type has none
 * (py_type_attributes.c). */
PyObject *
pyma_type_attribute(pyma_state *state, PyObject *op, const ma_type *core, const char *name);

/* A DataType of a kind with a unit, and a time zone (str, tzinfo or None) (py_type_factory.c). */
PyObject *
pyma_type_timed(pyma_state *state, ma_type_id id, ma_unit unit, PyObject *zone);

/* Make the DataTypes without parameters (py_datatype.c). -1 with an exception. */
int
pyma_types_setup(pyma_state *state);

#endif

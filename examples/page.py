import minarrow as pa

data = [pa.array([1, 2, 3, 4]), pa.array(['foo', 'bar', 'baz', None]), pa.array([True, None, False, True])]
batch = pa.RecordBatch.from_arrays(data, ['f0', 'f1', 'f2'])
batch.num_rows, batch.num_columns, batch.schema

sink = pa.BufferOutputStream()
writer = pa.RecordBatchStreamWriter(sink, batch.schema)
for i in range(5):
    writer.write_batch(batch)
writer.close()
buf = sink.get_result()
buf.size

reader = pa.open_stream(buf)
reader.schema
batches = [b for b in reader]
batches[0].equals(batch)

sink = pa.BufferOutputStream()
writer = pa.RecordBatchFileWriter(sink, batch.schema)
for i in range(10):
    writer.write_batch(batch)
writer.close()
buf = sink.get_result()
reader = pa.open_file(buf)
reader.num_record_batches
b = reader.get_batch(3)
b.equals(batch)
df = pa.open_file(buf).read_pandas()

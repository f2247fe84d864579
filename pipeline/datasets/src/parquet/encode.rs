//! Parquet files with plain Arrow types, which every reader knows.

use polars::prelude::*;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_parquet::write::schema_to_metadata_key;

/// Encodes a table as one Parquet file, compressed with Snappy.
///
/// Columns are texts, whole numbers, numbers, truth values and lists of them: readers see them as
/// `string`, `int64`, `double`, `bool` and `list`. Any other column is an error.
pub fn encode_frame(frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .with_key_value_metadata(Some(plain_arrow_schema(frame.schema())?))
        .finish(frame)?;
    Ok(bytes)
}

/// The Arrow types that readers shall give the columns.
///
/// Left alone, polars asks for `string_view` and `large_list`, which older readers do not know and
/// which make features that differ from everybody else's datasets.
fn plain_arrow_schema(schema: &Schema) -> PolarsResult<KeyValueMetadata> {
    let mut fields = ArrowSchema::default();
    for (name, dtype) in schema.iter() {
        fields.insert(name.clone(), field(name, plain(dtype)?));
    }
    let entry = schema_to_metadata_key(&fields);
    Ok(KeyValueMetadata::from_static(vec![(
        entry.key,
        entry.value.expect("a schema has a value"),
    )]))
}

fn plain(dtype: &DataType) -> PolarsResult<ArrowDataType> {
    Ok(match dtype {
        DataType::String => ArrowDataType::Utf8,
        DataType::Int64 => ArrowDataType::Int64,
        DataType::Float64 => ArrowDataType::Float64,
        DataType::Boolean => ArrowDataType::Boolean,
        DataType::List(element) => ArrowDataType::List(Box::new(field("element", plain(element)?))),
        other => polars_bail!(ComputeError: "no plain Arrow type for {other}"),
    })
}

fn field(name: &str, dtype: ArrowDataType) -> Field {
    Field::new(name.into(), dtype, true)
}

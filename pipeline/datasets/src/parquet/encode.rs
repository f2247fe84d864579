//! Parquet files with plain Arrow types, which every reader knows.

use polars::prelude::*;
use polars_arrow::{
    array::{
        Array, ListArray, MutableBinaryViewArray, MutableDictionaryArray, TryExtend, Utf8ViewArray,
    },
    datatypes::{ArrowDataType, ArrowSchema, Field},
};
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, ParquetType, StatisticsOptions, Version,
    WriteOptions, array_to_columns, get_dtype_encoding, schema_to_metadata_key,
};

/// Rows of a row group at most, as polars has it.
const ROWS: usize = 512 * 512;

/// Encodes a table as one Parquet file, compressed with Snappy.
///
/// Columns are texts, whole numbers, numbers, truth values and lists of them: readers see them as
/// `string`, `int64`, `double`, `bool` and `list`. Any other column is an error. Texts in lists have a
/// dictionary: without one, fastparquet 2026.9 reads each list as `None`
/// (`findings/fastparquet-lists-without-dictionary.sh`), and polars writes none for lists.
pub fn encode_frame(frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .with_key_value_metadata(Some(plain_arrow_schema(frame.schema())?))
        .batched(frame.schema())?;
    let types = writer.parquet_schema().fields().to_vec();
    frame.rechunk_mut();
    for start in (0..frame.height()).step_by(ROWS) {
        let rows = frame.slice(i64::try_from(start).unwrap_or(i64::MAX), ROWS);
        for batch in rows.iter_chunks(CompatLevel::newest(), false) {
            let mut columns = Vec::with_capacity(types.len());
            for (array, column) in batch.columns().iter().zip(&types) {
                columns.push(pages(with_dictionaries(array.clone())?, column)?);
            }
            writer.write_row_group(batch.len() as u64, &columns)?;
        }
    }
    writer.finish()?;
    Ok(bytes)
}

/// The pages of a column, which is one leaf: lists and plain values are.
fn pages(array: Box<dyn Array>, column: &ParquetType) -> PolarsResult<Vec<CompressedPage>> {
    // As polars writes: the first version of pages is what every reader knows.
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Snappy,
        data_page_size: None,
    };
    let encoding = get_dtype_encoding(array.dtype());
    let mut pages = Vec::new();
    for leaf in array_to_columns(array, column.clone(), options, &encoding)? {
        let leaf = leaf.collect::<PolarsResult<Vec<_>>>()?;
        let leaf = leaf.into_iter().map(Ok);
        for page in Compressor::new_from_vec(leaf, options.compression, Vec::new()) {
            pages.push(page?);
        }
    }
    Ok(pages)
}

/// The array with the texts of its lists in a dictionary; all others as they are.
fn with_dictionaries(array: Box<dyn Array>) -> PolarsResult<Box<dyn Array>> {
    let Some(list) = array.as_any().downcast_ref::<ListArray<i64>>() else {
        return Ok(array);
    };
    let values = match list.values().as_any().downcast_ref::<Utf8ViewArray>() {
        Some(texts) => {
            let mut dictionary =
                MutableDictionaryArray::<u32, MutableBinaryViewArray<str>>::new(true);
            dictionary.try_extend(texts.iter())?;
            dictionary.into_box()
        }
        None => with_dictionaries(list.values().clone())?,
    };
    let element = match list.dtype() {
        ArrowDataType::LargeList(element) => element.name.clone(),
        other => polars_bail!(ComputeError: "a list of {other:?}"),
    };
    let element = Field::new(element, values.dtype().clone(), true);
    Ok(Box::new(ListArray::new(
        ArrowDataType::LargeList(Box::new(element)),
        list.offsets().clone(),
        values,
        list.validity().cloned(),
    )))
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

#[cfg(test)]
mod tests {
    use super::*;
    use polars_parquet::read::read_metadata;
    use std::io::Cursor;

    fn frame() -> DataFrame {
        let lists = [Some(vec!["a", "b", "a"]), None, Some(Vec::new())];
        let mut texts = ListStringChunkedBuilder::new("texts".into(), 3, 3);
        for list in &lists {
            match list {
                Some(list) => texts.append_values_iter(list.iter().copied()),
                None => texts.append_null(),
            }
        }
        let texts = texts.finish().into_column();
        let numbers = Column::new("numbers".into(), [1_i64, 2, 3]);
        DataFrame::new(3, vec![texts, numbers]).unwrap()
    }

    #[test]
    fn texts_in_lists_have_a_dictionary() {
        let bytes = encode_frame(&mut frame()).unwrap();
        let metadata = read_metadata(&mut Cursor::new(&bytes)).unwrap();
        let group = &metadata.row_groups[0];
        let dictionary = |name: &str| {
            let mut columns = group.columns_under_root_iter(name).unwrap();
            let column = columns.next().unwrap();
            assert!(columns.next().is_none());
            column.dictionary_page_offset()
        };
        assert!(dictionary("texts").is_some());
    }

    #[test]
    fn rows_come_back() {
        let bytes = encode_frame(&mut frame()).unwrap();
        let read = ParquetReader::new(Cursor::new(bytes)).finish().unwrap();
        assert!(read.equals_missing(&frame()), "{read:?}");
    }

    #[test]
    fn a_table_without_rows() {
        let bytes = encode_frame(&mut frame().slice(0, 0)).unwrap();
        let read = ParquetReader::new(Cursor::new(bytes)).finish().unwrap();
        assert_eq!(read.shape(), (0, 2));
    }

    #[test]
    fn a_column_of_another_type_is_refused() {
        let mut frame = DataFrame::new(1, vec![Column::new("bytes".into(), [1.5_f32])]).unwrap();
        let error = encode_frame(&mut frame).unwrap_err();
        assert!(error.to_string().contains("no plain Arrow type"), "{error}");
    }
}

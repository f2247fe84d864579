//! The right side of a product, of which tiles read panels.

use super::packed::{PANEL, PackedWeight};

/// The matrix on the right of a product, `[terms, columns]`.
#[derive(Clone, Copy)]
pub(super) enum RightMatrix<'a> {
    /// Panels of [`PANEL`] columns, `[terms, PANEL]` each.
    Panels(&'a [f32]),
    /// Row by row.
    Lines(&'a [f32]),
    /// A weight whose outputs are the terms, and whose inputs are the columns.
    Across(&'a PackedWeight),
}

/// Writes up to [`PANEL`] lines of a panel as columns of up to as many others, which are filled up with zeros.
#[inline(always)]
fn transpose(lines: &[f32], columns: &mut [f32]) {
    let lines = lines.as_chunks::<PANEL>().0;
    let columns = columns.as_chunks_mut::<PANEL>().0;
    if let (Some(lines), Some(columns)) = (
        lines.first_chunk::<PANEL>(),
        columns.first_chunk_mut::<PANEL>(),
    ) {
        // Of a known size, so that compilers use vectors.
        for (number, line) in lines.iter().enumerate() {
            for (column, x) in columns.iter_mut().zip(line) {
                column[number] = *x;
            }
        }
        return;
    }
    for (term, column) in columns.iter_mut().enumerate() {
        column.fill(0.0);
        for (x, line) in column.iter_mut().zip(lines) {
            *x = line[term];
        }
    }
}

impl<'a> RightMatrix<'a> {
    /// The lines of some terms of a panel's columns, `[depth, PANEL]`, which are packed where they are not yet.
    #[inline(always)]
    pub(super) fn panel<'b>(
        &self,
        column: usize,
        from: usize,
        [width, depth, terms]: [usize; 3],
        packed: &'b mut Vec<f32>,
    ) -> &'b [f32]
    where
        'a: 'b,
    {
        match self {
            Self::Panels(values) => {
                let panel = &values[column * terms..][..terms * PANEL];
                &panel[from * PANEL..][..depth * PANEL]
            }
            Self::Lines(values) => {
                let stride = values.len() / terms;
                packed.resize(depth * PANEL, 0.0);
                let lines = values[from * stride..].chunks_exact(stride);
                for (packed, line) in packed.chunks_exact_mut(PANEL).zip(lines) {
                    let (there, beyond) = packed.split_at_mut(width);
                    there.copy_from_slice(&line[column..][..width]);
                    beyond.fill(0.0);
                }
                packed
            }
            Self::Across(weight) => {
                packed.resize(depth * PANEL, 0.0);
                let panels = weight.panels().skip(from / PANEL);
                for (lines, panel) in packed.chunks_mut(PANEL * PANEL).zip(panels) {
                    transpose(&panel[column * PANEL..][..width * PANEL], lines);
                }
                packed
            }
        }
    }
}

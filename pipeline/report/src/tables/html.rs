//! Tables as HTML, with what sorting needs.

use super::table::{Cell, NOT_RUN, Table, number};
use maud::{Markup, html};

/// The table with its title, in a box that scrolls by itself.
pub(crate) fn table_html(table: &Table) -> Markup {
    html! {
        div class="table" id=(table.id) {
            h3 { (table.title) }
            @if !table.lead.is_empty() { p { (table.lead) } }
            (rows_html(table))
            @for note in &table.notes { p class="note" { (note) } }
            p class="files" {
                "As a file: "
                @for (number, kind) in ["csv", "md", "tex"].into_iter().enumerate() {
                    @if number > 0 { ", " }
                    a href=(format!("tables/{}.{kind}", table.id)) { (kind) }
                }
            }
        }
    }
}

/// The rows alone.
pub(crate) fn rows_html(table: &Table) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(table.title) {
            table class="sortable" {
                thead { tr {
                    @for column in &table.columns {
                        th scope="col" class=[column.numbers.then_some("number")] { (column.name) }
                    }
                } }
                tbody {
                    @for row in &table.rows { tr {
                        @for (number, cell) in row.iter().enumerate() {
                            (cell_html(cell, number == 0))
                        }
                    } }
                }
            }
        }
    }
}

fn cell_html(cell: &Cell, heads: bool) -> Markup {
    match cell {
        Cell::Text(text) if heads => html! { th scope="row" { bdi { (text) } } },
        Cell::Text(text) => html! { td { bdi { (text) } } },
        Cell::Count(count) => html! { td class="number" data-sort=(count) { (count) } },
        Cell::Number(value, digits) => html! {
            td class="number" data-sort=(sort(*value)) { (number(*value, *digits)) }
        },
        Cell::Estimate(it) => html! {
            td class={ "number ours" @if it.failed { " failed" } } data-sort=(sort(it.value)) {
                @if it.failed { s { (it.number()) } " gate failed" } @else { (it.number()) }
                @if let Some(interval) = it.interval() { " " span class="interval" { "(" (interval) ")" } }
            }
        },
        Cell::Printed(text) => html! {
            td class="number printed" data-sort=(sort(text.parse().ok())) { (text) }
        },
        Cell::NotRun => html! { td class="number missing" data-sort="" { (NOT_RUN) } },
        Cell::Command(command) => html! { td class="command" { code { (command) } } },
    }
}

/// What a cell is sorted by; empty where there is no number.
fn sort(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

//! The page: one HTML file with everything in it, and a policy that lets nothing else run.

use crate::{
    Table,
    browser::BrowserData,
    plots::Plot,
    provenance::Provenance,
    summary::Summary,
    tables::{rows_html, table_html},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

mod assets;

/// What a page shows.
pub(crate) struct PageContent<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) plots: &'a [Plot],
    pub(crate) tables: &'a [Table],
    pub(crate) browser: &'a BrowserData,
    pub(crate) provenance: &'a Provenance,
    /// Whether there are items to look at.
    pub(crate) has_items: bool,
    /// Whether there are fine-tuning runs.
    pub(crate) has_places: bool,
}

/// The page as HTML.
pub(crate) fn page(content: &PageContent<'_>) -> String {
    let (style, script) = (assets::style(), assets::script());
    // Only the style and the script written here: neither data nor a figure can run anything.
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(&script)
    );
    let PageContent {
        summary,
        plots,
        browser,
        ..
    } = content;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("clika ", env!("CARGO_PKG_VERSION")));
                title { (summary.title) }
                style { (PreEscaped(&style)) }
            }
            body {
                header {
                    h1 { (summary.title) }
                    p class="lead" {
                        "Does knowledge cross languages? Performance, consistency with English, and transfer, measured by clika."
                    }
                    nav aria-label="Sections" {
                        a href="#summary" { "Summary" }
                        @if !plots.is_empty() { a href="#figures" { "Figures" } }
                        a href="#tables" { "Tables" }
                        @if content.has_items { a href="#items" { "Items" } }
                        @if content.has_places { a href="#places" { "Places" } }
                        a href="#provenance" { "Provenance" }
                    }
                }
                main {
                    (beginning(summary))
                    @if !plots.is_empty() {
                        section id="figures" {
                            h2 { "Figures" }
                            @for plot in *plots { (figure(plot)) }
                        }
                    }
                    section id="tables" {
                        h2 { "Tables" }
                        @for table in content.tables { (table_html(table)) }
                    }
                    @if content.has_items {
                        section id="items" {
                            h2 { "Items" }
                            noscript { p { "The items need JavaScript. Everything else on this page can be read without." } }
                        }
                    }
                    @if content.has_places {
                        section id="places" {
                            h2 { "Places" }
                            noscript { p { "The places need JavaScript." } }
                        }
                    }
                    (origin(content.provenance, summary))
                }
                script type="text/plain" id="report-data" { (PreEscaped(&browser.json)) }
                script type="text/plain" id="report-answers" { (PreEscaped(&browser.bytes)) }
                script { (PreEscaped(&script)) }
            }
        }
    };
    page.into_string()
}

fn beginning(summary: &Summary) -> Markup {
    html! {
        section id="summary" {
            h2 { "Summary" }
            @for paragraph in &summary.paragraphs { p { (paragraph) } }
            @if !summary.notices.is_empty() {
                div class="notices" role="note" {
                    h3 { "Before you trust a number" }
                    ul { @for notice in &summary.notices { li { (notice) } } }
                }
            }
        }
    }
}

fn figure(plot: &Plot) -> Markup {
    html! {
        figure class="figure" id={ "figure-" (plot.id) } {
            h3 { (plot.title) }
            div class="drawing" { (PreEscaped(&plot.svg)) }
            figcaption { (plot.caption) }
            details class="limits" {
                summary { "What this can and cannot show" }
                ul { @for limit in &plot.limits { li { (limit) } } }
            }
            details class="numbers" {
                summary { "Numbers" }
                (rows_html(&plot.numbers))
                p class="files" {
                    "As a file: "
                    a href=(format!("figures/{}.svg", plot.id)) { "svg" }
                    @for kind in ["csv", "md", "tex"] {
                        ", " a href=(format!("figures/{}.{kind}", plot.id)) { (kind) }
                    }
                }
            }
        }
    }
}

fn origin(provenance: &Provenance, summary: &Summary) -> Markup {
    html! {
        section id="provenance" {
            h2 { "Provenance" }
            p { (summary.intervals) }
            @for table in &provenance.tables { (table_html(table)) }
            @if !provenance.records.is_empty() {
                h3 { "Everything that was recorded" }
                @for (name, record) in &provenance.records {
                    details { summary { (name) } pre tabindex="0" { (record) } }
                }
            }
            p class="note" { (concat!("Written by clika ", env!("CARGO_PKG_VERSION"), ".")) }
        }
    }
}

/// How a policy names a text that may run.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

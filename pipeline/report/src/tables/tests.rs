//! The same table in all four forms, written out by hand.

use super::{Cell, Column, Estimate, Table, rows_html};

fn table() -> Table {
    let columns = vec![
        Column::text("model"),
        Column::number("RA"),
        Column::number("printed"),
        Column::number("n"),
        Column::commands(),
    ];
    let mut table = Table::new("table-5", "RA & more", columns);
    table.lead = "In percent.".to_owned();
    table.notes = vec!["A note: 5 % of them.".to_owned()];
    let score = Estimate {
        mark: "*",
        ..Estimate::new(Some(50.359), Some(-1.25), Some(52.0), 2)
    };
    let failed = Estimate {
        failed: true,
        ..Estimate::new(Some(0.5), None, None, 1)
    };
    table.rows = vec![
        vec![
            Cell::text("a|b_c <i>"),
            Cell::Estimate(score),
            Cell::Printed("50.36".to_owned()),
            Cell::count(1000),
            Cell::command(None),
        ],
        vec![
            Cell::text("שלום"),
            Cell::Estimate(failed),
            Cell::NotRun,
            Cell::Number(None, 2),
            Cell::command(Some("clika evaluate --name \"x\"".to_owned())),
        ],
    ];
    table
}

#[test]
fn csv_has_a_column_for_each_end_and_whole_numbers() {
    let expected = "model,RA,RA low,RA high,RA gate,printed,n,to run what is missing\n\
                    a|b_c <i>,50.359,-1.25,52,,50.36,1000,\n\
                    שלום,0.5,,,failed,,,\"clika evaluate --name \"\"x\"\"\"\n";
    assert_eq!(table().csv(), expected);
}

#[test]
fn markdown_shows_marks_intervals_and_what_failed() {
    let expected = "## RA & more\n\nIn percent.\n\n\
                    | model | RA | printed | n | to run what is missing |\n\
                    | --- | ---: | ---: | ---: | --- |\n\
                    | a\\|b\\_c \\<i\\> | 50.36\\* (-1.25 to 52.00) | 50.36 | 1000 |  |\n\
                    | שלום | ~~0.5~~ gate failed | not run | – | `clika evaluate --name \"x\"` |\n\
                    \nA note: 5 % of them.\n";
    assert_eq!(table().markdown(), expected);
}

#[test]
fn latex_is_a_table_for_booktabs() {
    let expected = "% RA & more: \\usepackage{booktabs} \\usepackage[normalem]{ulem}\n\
                    \\begin{table}\n\\centering\n\\small\n\\begin{tabular}{lrrr}\n\\toprule\n\
                    model & RA & printed & n \\\\\n\\midrule\n\
                    a\\textbar{}b\\_c \\textless{}i\\textgreater{} & 50.36\\rlap{\\textsuperscript{*}} {\\scriptsize ($-$1.25 to 52.00)} & 50.36 & 1000 \\\\\n\
                    שלום & \\sout{0.5} & \\emph{not run} & -- \\\\\n\
                    \\bottomrule\n\\end{tabular}\n\
                    \\caption{RA \\& more. In percent. A note: 5 \\% of them.}\n\\label{tab:table-5}\n\\end{table}\n";
    assert_eq!(table().latex(), expected);
}

#[test]
fn html_escapes_what_comes_from_data_and_says_what_to_sort_by() {
    let html = rows_html(&table()).into_string();
    for part in [
        "aria-label=\"RA &amp; more\"",
        "<th scope=\"row\"><bdi>a|b_c &lt;i&gt;</bdi></th>",
        "<td class=\"number ours\" data-sort=\"50.359\">50.36* <span class=\"interval\">(-1.25 to 52.00)</span></td>",
        "<td class=\"number printed\" data-sort=\"50.36\">50.36</td>",
        "<td class=\"number ours failed\" data-sort=\"0.5\"><s>0.5</s> gate failed</td>",
        "<td class=\"number missing\" data-sort=\"\">not run</td>",
        "<td class=\"command\"><code>clika evaluate --name &quot;x&quot;</code></td>",
        "<td class=\"number\" data-sort=\"\">–</td>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

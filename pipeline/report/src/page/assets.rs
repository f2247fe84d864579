//! The page's style and script, each of many small files.

/// Files in the order of their names.
macro_rules! joined {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        [$(include_str!(concat!("../../page/", $folder, "/", $file))),+].join("\n")
    };
}

/// The style sheet.
pub(super) fn style() -> String {
    joined!("style": "00-tokens.css", "10-page.css", "20-figures.css", "30-tables.css", "40-items.css", "50-places.css", "90-print.css")
}

/// The script.
pub(super) fn script() -> String {
    joined!(
        "script": "00-strict.js", "05-elements.js", "10-data.js", "15-sections.js", "20-tables.js", "25-address.js",
        "30-item-filters.js", "32-item-list.js", "34-item-texts.js", "36-item-answers.js", "38-item-panel.js", "39-items.js",
        "40-places.js", "42-place-browser.js", "90-start.js"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_in_the_page() {
        for (folder, text) in [("style", super::style()), ("script", super::script())] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("page")
                .join(folder);
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|it| it.unwrap().path())
                .collect();
            files.sort();
            let all: Vec<String> = files
                .iter()
                .map(|it| std::fs::read_to_string(it).unwrap())
                .collect();
            assert_eq!(text, all.join("\n"));
        }
    }
}

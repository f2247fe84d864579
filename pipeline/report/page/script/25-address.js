/** The part of the page's address after `#`: a section, and what is chosen in it. */
function readAddress() {
  const [section, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
  return { section, query: new URLSearchParams(query) };
}

/** The address of a section with what is chosen in it, without what is `null` or empty. */
function addressOf(section, chosen) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(chosen)) {
    if (value !== null && value !== "") query.set(key, value);
  }
  const text = query.toString();
  return text === "" ? `#${section}` : `#${section}?${text}`;
}

/**
 * Shows an address without a jump. With `replace` the step back leads past what the address was. The link of the section in the bar
 * leads to what is chosen in it.
 */
function showAddress(section, chosen, { replace = false } = {}) {
  const address = addressOf(section, chosen);
  document.querySelector(`header nav a[href^="#${section}"]`)?.setAttribute("href", address);
  if (location.hash === address) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

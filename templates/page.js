// Sortable and filterable tables, and a switch between light and dark. The page is whole without this file.
(() => {
  "use strict";
  const ONE_GLANCE = 8; // rows that nobody needs to filter
  const words = JSON.parse(document.getElementById("words").textContent);
  window.say = (text, values = {}) => words[text].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const order = (cell) => cell.dataset.order === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.order);

  function sort(table, column, heading) {
    const up = heading.getAttribute("aria-sort") === "descending";
    table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((one, two) => {
      const a = order(one.cells[column]), b = order(two.cells[column]);
      return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
    });
    table.tBodies[0].append(...rows);
  }

  function sortable(table) {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.title = say("Sort by this column");
      button.addEventListener("click", () => sort(table, column, heading));
      heading.replaceChildren(button);
    });
  }

  function filterable(table) {
    const label = document.createElement("label");
    label.className = "filter";
    label.textContent = `${say("Filter")} `;
    const input = document.createElement("input");
    input.type = "search";
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    label.append(input);
    table.before(label);
  }

  document.querySelectorAll(".table table").forEach((table) => {
    if (table.closest("#table-account")) return;
    if (table.tBodies[0].rows.length > 2) sortable(table);
    if (table.hasAttribute("data-filterable") && table.tBodies[0].rows.length > ONE_GLANCE) filterable(table);
  });

  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  const name = () => { button.textContent = dark() ? say("Light") : say("Dark"); button.title = (dark() ? say("Switch to light colours") : say("Switch to dark colours")); };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    name();
    document.dispatchEvent(new Event("themechange"));
  });
  name();
  document.body.append(button);
})();

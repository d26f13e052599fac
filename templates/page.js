// Sortable and filterable tables, and a switch between light and dark. The page is whole without this file.
(() => {
  "use strict";
  const ONE_GLANCE = 8; // rows up to which a table needs no filter
  const words = JSON.parse(document.getElementById("words").textContent);
  window.say = (text, values = {}) => words[text].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const texts = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const key = (cell) => cell.dataset.order === undefined ? null : Number(cell.dataset.order);

  // The first click sorts numbers in descending and texts in ascending order; missing numbers are last either way.
  function sort(table, column, heading) {
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const up = before ? before === "descending" : !isNumber;
    table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const compare = (one, two) => {
      const [a, b] = [one.cells[column], two.cells[column]];
      if (!isNumber) return texts.compare(a.textContent.trim(), b.textContent.trim()) * (up ? 1 : -1);
      const [x, y] = [key(a), key(b)];
      return x === null || y === null ? (x === null) - (y === null) : (x - y) * (up ? 1 : -1);
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
  }

  // A column of numbers without a common unit, such as days under money, cannot be sorted.
  const hasOrder = (table, column, heading) => !heading.classList.contains("number")
    || [...table.tBodies[0].rows].some((row) => row.cells[column].dataset.order !== undefined);

  function sortable(table) {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      if (!heading.textContent.trim() || !hasOrder(table, column, heading)) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.title = say("Sort by this column");
      button.addEventListener("click", () => sort(table, column, heading));
      heading.replaceChildren(button);
    });
  }

  function filterable(table) {
    const [box, label, input, matches] = ["div", "label", "input", "output"].map((name) => document.createElement(name));
    const number = new Intl.NumberFormat(document.documentElement.lang), rows = [...table.tBodies[0].rows];
    box.className = "filter";
    label.textContent = `${say("Filter")} `;
    input.type = "search";
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      const count = rows.filter((row) => !row.hidden).length;
      matches.textContent = wanted ? say("{count} of {all} rows", { count: number.format(count), all: number.format(rows.length) }) : "";
    });
    label.append(input);
    box.append(matches, label);
    table.before(box);
  }

  document.querySelectorAll(".table table").forEach((table) => {
    if (table.closest("#table-account")) return;
    if (table.tBodies[0].rows.length > 2) sortable(table);
    if (table.hasAttribute("data-filterable") && table.tBodies[0].rows.length > ONE_GLANCE) filterable(table);
  });

  // The Tab key stops only at drawings and tables that can be scrolled sideways.
  const boxes = document.querySelectorAll(".drawing, .table");
  const stops = () => boxes.forEach((box) => {
    box.removeAttribute("tabindex");
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
  addEventListener("resize", stops);
  document.fonts.ready.then(stops);

  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  const name = () => { button.textContent = dark() ? say("Light") : say("Dark"); button.title = dark() ? say("Switch to light colours") : say("Switch to dark colours"); };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    name();
    document.dispatchEvent(new Event("themechange"));
  });
  name();
  document.querySelector(".skip").after(button);
})();

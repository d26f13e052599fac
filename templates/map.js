// The interactive map of customers, drawn by plotly from the numbers in #points.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("points").textContent);
  const explorer = document.getElementById("explorer");
  const plot = document.getElementById("plot");
  const status = explorer.querySelector(".found");
  const search = explorer.querySelector(".find");
  const list = explorer.querySelector(".matches");
  const state = { view: 2, alone: null, found: -1 };
  const MATCHES = 8;
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const count = new Intl.NumberFormat(data.locale);
  const formats = data.formats.map((format) => new Intl.NumberFormat(data.locale, format));

  function figures(i) {
    return data.labels.map((label, column) => {
      const value = data.values[column][i];
      return `${label}: ${value === null ? "–" : formats[column].format(value)}`;
    });
  }

  function describe(i) {
    const name = data.ids ? `${say("Customer {id}", { id: data.ids[i] })}, ` : "";
    const why = data.reasons[i] ? [data.reasons[i]] : [];
    const none = data.without.includes(i) ? [say("This customer has no valid order: all were cancelled or returned.")] : [];
    return [name + data.names[data.segment[i]], ...figures(i), ...none, ...why];
  }

  const plain = (line) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const segments = Object.entries(data.names).map(([label, name]) => [Number(label), name]);
  const texts = data.segment.map((_, i) => describe(i).map(plain).join("<br>"));

  function trace(rows, name, marker) {
    const pick = (column) => rows.map((i) => column[i]);
    const axes = state.view === 3 ? data.tsne3 : data.tsne2;
    return {
      type: state.view === 3 ? "scatter3d" : "scatter", mode: "markers", name, marker, customdata: rows,
      x: pick(axes[0]), y: pick(axes[1]), ...(state.view === 3 ? { z: pick(axes[2]) } : {}),
      text: pick(texts), hovertemplate: "%{text}<extra></extra>",
    };
  }

  function traces() {
    const size = state.view === 3 ? 2.5 : 5;
    const placed = (i) => state.view === 2 || data.tsne3[0][i] !== null;
    const all = data.segment.map((_, i) => i).filter(placed);
    const made = segments.map(([label, name]) => trace(
      all.filter((i) => data.segment[i] === label), name,
      { color: data.colours[label], size, opacity: state.alone === null || state.alone === label ? 0.8 : 0.06, line: { width: 0 } },
    ));
    const odd = all.filter((i) => data.odd[i] && (state.alone === null || data.segment[i] === state.alone));
    made.push(trace(odd, "odd", { symbol: "circle-open", color: style("--alarm"), size: size + 4, line: { width: 1.5 } }));
    if (state.found >= 0 && placed(state.found)) made.push(trace([state.found], "found", { symbol: "circle-open", color: style("--ink"), size: size + 14, line: { width: 3 } }));
    return made;
  }

  function layout() {
    const hidden = { visible: false, showgrid: false, zeroline: false, showticklabels: false, title: { text: "" }, showbackground: false };
    return {
      showlegend: false, margin: { l: 0, r: 0, t: 0, b: 0 }, hovermode: "closest", dragmode: state.view === 3 ? "orbit" : "pan",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", uirevision: state.view,
      xaxis: hidden, yaxis: { ...hidden, scaleanchor: "x" }, scene: { xaxis: hidden, yaxis: hidden, zaxis: hidden, camera: { eye: { x: 1, y: 1, z: 0.7 } }, uirevision: 3 },
      hoverlabel: { align: "left", bgcolor: style("--paper"), bordercolor: style("--muted"), font: { color: style("--ink"), family: "'Source Sans 3', sans-serif", size: 13 } },
    };
  }

  const draw = () => Plotly.react(plot, traces(), layout(), { displaylogo: false, responsive: true, scrollZoom: true, displayModeBar: false });
  const press = (group, pressed) => group.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(pressed(button))));

  function isolate(label) {
    state.alone = label;
    press(explorer.querySelector(".legend"), (button) => button.dataset.label === (label === null ? "" : String(label)));
    draw();
  }

  function legendButton(label, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = label === null ? "" : String(label);
    if (label !== null) {
      const swatch = document.createElement("span");
      swatch.className = `swatch s${label}`;
      button.append(swatch);
    }
    button.append(name);
    button.addEventListener("click", () => isolate(state.alone === label ? null : label));
    return button;
  }

  // Exact matches first, then ids that begin with what was typed, then those that contain it.
  function matches(wanted) {
    const rank = (id) => id === wanted ? 0 : id.startsWith(wanted) ? 1 : 2;
    return data.ids.map((id, i) => [id.toLowerCase(), i]).filter(([id]) => id.includes(wanted))
      .sort((one, two) => rank(one[0]) - rank(two[0]) || one[1] - two[1]).map(([, i]) => i);
  }

  function point(i) {
    state.found = i;
    const apart = state.view === 3 && data.tsne3[0][i] === null;
    status.textContent = describe(i).join(" · ") + (apart ? ` ${say("This customer is on the map in two dimensions only.")}` : "");
    draw();
  }

  function matchButton(i) {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = data.ids[i];
    button.addEventListener("click", () => point(i));
    item.append(button);
    return item;
  }

  function find(event) {
    const wanted = event.target.value.trim().toLowerCase();
    const found = wanted ? matches(wanted) : [];
    list.replaceChildren(...(found.length > 1 ? found.slice(0, MATCHES).map(matchButton) : []));
    if (found.length && (found.length === 1 || data.ids[found[0]].toLowerCase() === wanted)) { point(found[0]); return; }
    state.found = -1;
    status.textContent = !wanted ? "" : found.length
      ? say("{count} customers match; the first are listed.", { count: count.format(found.length) })
      : say("No customer {id} on the map.", { id: event.target.value.trim() });
    draw();
  }

  explorer.hidden = false;
  const drawing = document.getElementById("map-tsne");
  drawing.before(explorer);
  drawing.classList.add("replaced");
  explorer.querySelector(".found").before(drawing.querySelector(".reading").cloneNode(true)); // the drawing keeps its own, for print
  explorer.querySelector(".legend").append(legendButton(null, say("All")), ...segments.map(([label, name]) => legendButton(label, name)));
  explorer.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => {
    state.view = Number(button.dataset.view);
    const all = data.segment.length;
    const shown = state.view === 2 ? all : data.tsne3[0].filter((x) => x !== null).length;
    status.textContent = shown === all ? say("{count} customers are on this map.", { count: count.format(shown) })
      : say("{count} of {all} customers are on this map: in three dimensions only a sample is shown, to keep it fast.", { count: count.format(shown), all: count.format(all) });
    press(button.parentElement, (other) => other === button);
    draw();
  }));
  if (data.ids) search.querySelector("input").addEventListener("input", find); else search.remove();
  // The wheel scrolls the page; it zooms the map after a press on it, until the pointer is over something else.
  let isActive = false;
  plot.addEventListener("pointerdown", () => { isActive = true; }, true);
  explorer.closest("main").addEventListener("pointerover", (event) => { isActive &&= plot.contains(event.target); });
  plot.addEventListener("wheel", (event) => { if (!isActive) event.stopImmediatePropagation(); }, true);
  document.addEventListener("themechange", draw);
  isolate(null);
  plot.on("plotly_click", (event) => { status.textContent = describe(event.points[0].customdata).join(" · "); });
})();

"use strict";
// Makes a page that ResNet Explorer has written open, sort, filter, read out and ask. It loads nothing and keeps nothing.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(document.getElementById("data").textContent);
  const said = document.getElementById("said");
  const say = (text) => { said.textContent = text; };
  const make = (tag, text = "", kind = "") => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  // Blocks -------------------------------------------------------------------------------------------------------

  const isOpen = (button) => button.getAttribute("aria-expanded") === "true";

  function toggle(button) {
    const cell = button.parentElement, open = !isOpen(button);
    button.setAttribute("aria-expanded", String(open));
    if (open) {
      const panel = make("li", "", "open");
      panel.dataset.path = button.dataset.path;
      panel.append(make("h5", `${button.dataset.path} · ${button.title.split(":")[0]}`));
      panel.append(document.getElementById(button.dataset.form).content.cloneNode(true));
      all(".skip", panel).forEach((chance) => { chance.textContent = button.dataset.skip; });
      cell.after(panel);
    } else if (cell.nextElementSibling?.classList.contains("open")) {
      cell.nextElementSibling.remove();
    }
  }

  function unfold(button) {
    const open = !isOpen(button);
    button.setAttribute("aria-expanded", String(open));
    let cell = button.parentElement;
    while ((cell = cell.nextElementSibling)) {
      if (cell.classList.contains("cell")) cell.hidden = !open;
      else if (!open) toggle(cell.previousElementSibling.firstElementChild), (cell = button.parentElement);
    }
  }

  const blockOf = (panel) => panel.previousElementSibling.firstElementChild;
  const shown = (element) => element.getClientRects().length > 0;
  const blocks = (diagram) => all("button.block, button.fold", diagram).filter(shown);

  function openAll(diagram, open) {
    all("button.fold", diagram).forEach((button) => { if (isOpen(button) !== open) unfold(button); });
    all("button.block", diagram).forEach((button) => { if (isOpen(button) !== open) toggle(button); });
    say(open ? "All blocks are open." : "All blocks are closed.");
  }

  // What a block holds of the whole path: ".conv1" continues the block's, "conv1" of the stem is one itself.
  const whole = (panel, name) => (name.startsWith(".") ? panel.dataset.path + name : name);

  function selectLayer(layer) {
    const panel = layer.closest("li.open"), name = layer.dataset.path;
    answerByClick(layer, whole(panel, name), [panel.dataset.path]);
    all(".layer", panel).forEach((other) => other.classList.toggle("selected", other === layer));
    all(".about", panel).forEach((about) => { about.hidden = about.dataset.for !== name; });
    const about = all(".about", panel).find((one) => one.dataset.for === name);
    if (about && !about.querySelector("h6")) {
      about.prepend(make("h6", layer.getAttribute("aria-label").replace(name.replace(/^\./, ""), whole(panel, name))));
    }
    all(".layers tbody tr").forEach((row) => {
      row.classList.toggle("selected", row.cells[0].textContent === whole(panel, name));
    });
  }

  function showInTable(panel) {
    const table = panel.closest("section").querySelector(".layers") ?? document.querySelector(".layers");
    if (!table) return;
    const field = table.querySelector("input");
    field.value = panel.dataset.path;
    filter(table);
    field.focus();
    table.scrollIntoView({ block: "start" });
  }

  function act(target) {
    const button = target.closest("button"), layer = target.closest("g.layer");
    if (layer) return selectLayer(layer);
    if (!button) return;
    const panel = button.closest("li.open"), diagram = button.closest(".diagram");
    if (button.dataset.do === "open") openAll(diagram, true);
    else if (button.dataset.do === "close") openAll(diagram, false);
    else if (button.dataset.do === "shut") shut(panel);
    else if (button.dataset.do === "table") showInTable(panel);
    else if (button.classList.contains("fold")) unfold(button);
    else if (button.classList.contains("block") && !answerByClick(button, button.dataset.path)) toggle(button);
    else if (button.classList.contains("sort")) sort(button);
  }

  function shut(panel) {
    const block = blockOf(panel);
    toggle(block);
    block.focus();
  }

  function walk(event) {
    const diagram = event.target.closest(".diagram");
    if (!diagram) return;
    if (event.key === "Escape") {
      const panel = event.target.closest("li.open");
      if (panel) shut(panel);
      else if (event.target.matches("button.block") && isOpen(event.target)) toggle(event.target);
      return;
    }
    const layer = event.target.closest("g.layer"), by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const stops = layer ? all("g.layer", layer.closest("svg")) : blocks(diagram);
    const place = stops.indexOf(layer ?? event.target);
    if (!by || place < 0) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, place + by))].focus();
  }

  // Tables -------------------------------------------------------------------------------------------------------

  const number = (text) => (/^[\d,.]+$/.test(text) ? Number(text.replaceAll(",", "")) : NaN);

  function sort(button) {
    const head = button.parentElement, body = head.closest("table").tBodies[0], column = head.cellIndex;
    const order = { none: "descending", descending: "ascending", ascending: "none" }[head.ariaSort ?? "none"];
    all("th", head.parentElement).forEach((other) => other.removeAttribute("aria-sort"));
    if (order !== "none") head.setAttribute("aria-sort", order);
    const rows = [...body.rows];
    rows.forEach((row, place) => { row.dataset.place ??= place; });
    rows.sort((left, right) => {
      if (order === "none") return left.dataset.place - right.dataset.place;
      const [a, b] = [left, right].map((row) => row.cells[column].textContent);
      const [x, y] = [number(a), number(b)];
      const by = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
      return (order === "descending" ? -by : by) || left.dataset.place - right.dataset.place;
    });
    body.append(...rows);
    say(order === "none" ? "In the network's order." : `Sorted by ${button.textContent}, ${order}.`);
  }

  const PARAMETERS = 5, MACS = 7;

  function filter(table) {
    const words = table.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = all("tbody tr", table);
    rows.forEach((row) => {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    });
    const kept = rows.filter((row) => !row.hidden);
    const sum = (column) => kept.reduce((total, row) => total + number(row.cells[column].textContent), 0);
    const count = kept.length === rows.length ? `${rows.length}` : `${kept.length} of ${rows.length}`;
    const figures = [PARAMETERS, MACS].map((column) => sum(column).toLocaleString("en"));
    table.querySelector(".count").textContent =
      `${count} layers: ${figures[0]} parameters, ${figures[1]} MACs` + (kept.length ? "" : ". No layer matches.");
  }

  // Charts -------------------------------------------------------------------------------------------------------

  function chart(figure) {
    const values = data.charts[figure.dataset.chart], plot = figure.querySelector(".plot"), count = values.read.length;
    const box = make("div", "", "readout");
    let place = -1;
    box.hidden = true;
    plot.append(box);

    function mark(svg, sizes) {
      svg.querySelector(".cross")?.remove();
      if (place < 0) return;
      const cross = document.createElementNS(svg.namespaceURI, "g"), x = sizes.x[place];
      const add = (tag, kind, attributes) => {
        const element = document.createElementNS(svg.namespaceURI, tag);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        element.classList.add(kind);
        cross.append(element);
      };
      cross.classList.add("cross");
      add("line", "rule", { x1: x, x2: x, y1: sizes.top, y2: sizes.bottom });
      sizes.y[place].forEach((y) => { if (y !== null) add("circle", "dot", { cx: x, cy: y, r: 4 }); });
      svg.append(cross);
    }

    function show(index) {
      place = index < 0 ? -1 : Math.max(0, Math.min(count - 1, index));
      for (const name of ["wide", "narrow"]) mark(plot.querySelector(`svg.${name}`), values[name]);
      box.hidden = place < 0;
      if (place < 0) return;
      const [name, ...read] = values.read[place];
      box.replaceChildren(make("b", name));
      values.series.forEach(([label, ink], index) => {
        const row = make("span"), sample = make("i");
        sample.style.background = `var(--${ink})`;
        row.append(sample, `${label} `, make("b", read[index]));
        box.append(row);
      });
      const text = `${name}: ${values.series.map(([label], index) => `${label} ${read[index]}`).join("; ")}`;
      plot.setAttribute("aria-valuenow", place + 1);
      plot.setAttribute("aria-valuetext", text);
      const [svg, sizes] = visible(), scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const x = sizes.x[place] * scale, room = plot.clientWidth - box.offsetWidth;
      box.style.left = `${Math.max(0, Math.min(room, x + 12 + box.offsetWidth > plot.clientWidth ? x - 12 - box.offsetWidth : x + 12))}px`;
      box.style.top = `${sizes.top * scale + 4}px`;
    }

    function visible() {
      const name = ["wide", "narrow"].find((one) => shown(plot.querySelector(`svg.${one}`))) ?? "wide";
      return [plot.querySelector(`svg.${name}`), values[name]];
    }

    function nearest(event) {
      const [svg, sizes] = visible(), frame = svg.getBoundingClientRect();
      const x = ((event.clientX - frame.left) * svg.viewBox.baseVal.width) / frame.width;
      return sizes.x.reduce((best, at, index) => (Math.abs(at - x) < Math.abs(sizes.x[best] - x) ? index : best), 0);
    }

    plot.addEventListener("pointermove", (event) => show(nearest(event)));
    plot.addEventListener("pointerdown", (event) => show(nearest(event)));
    plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(-1); });
    plot.addEventListener("blur", () => show(-1));
    plot.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: count - 1, PageUp: place - 10, PageDown: place + 10 };
      if (event.key === "Escape") show(-1);
      else if (event.key in keys) event.preventDefault(), show(Math.max(0, keys[event.key]));
    });
  }

  // Questions ----------------------------------------------------------------------------------------------------

  function judge(ask, isRight, hint = "") {
    ask.dataset.done = isRight ? "right" : "";
    ask.querySelector(".verdict").textContent = isRight ? "✓ Right." : `✗ Not this one. ${hint}Try again, or show the answer.`;
    if (isRight) ask.querySelector("details").open = true;
  }

  const PREFIXES = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

  // 11.7 M, 11,689,512 or 4 %: a number with a prefix, its unit or per cent; NaN for anything else.
  function read(text, unit) {
    const match = /^([+−-]?[\d,_\s]*\.?\d*(?:e[+-]?\d{1,2})?)\s*(.*)$/i.exec(text.trim());
    const digits = match?.[1].replaceAll(/[,_\s]/g, "").replace("−", "-");
    if (!digits) return NaN;
    const ends = unit && match[2].toLowerCase().endsWith(unit.toLowerCase());
    const rest = (ends ? match[2].slice(0, -unit.length) : match[2]).trim();
    if (rest === "%") return Number(digits) / 100;
    return Number(digits) * (rest.length === 1 || rest[1] === " " ? PREFIXES[rest[0].toLowerCase()] ?? 1 : 1);
  }

  function check(ask) {
    const { kind, within, unit } = ask.dataset, answers = JSON.parse(ask.dataset.answers);
    const verdict = ask.querySelector(".verdict");
    if (kind === "choice") {
      const chosen = ask.querySelector("input:checked");
      if (chosen) judge(ask, answers.includes(chosen.value));
      else verdict.textContent = "Choose an answer first.";
    } else if (kind === "number") {
      const value = read(ask.querySelector("input").value, unit), right = Number(answers[0]);
      if (Number.isNaN(value)) verdict.textContent = "Type a number, such as 1,200 or 11.7 M.";
      else {
        const isNear = Math.abs(value - right) <= Math.max(Number(within), 1e-9) * Math.abs(right);
        judge(ask, isNear, value < right ? "It is more. " : "It is less. ");
      }
    }
  }

  // In a step that asks for a click, the click on a block or a layer answers until it is right.
  function answerByClick(element, path, inside = []) {
    const section = element.closest("section"), ask = section?.querySelector('.ask[data-kind="click"]');
    if (!ask || ask.dataset.done || ask.querySelector("details").open || ask.contains(element)) return false;
    const answers = JSON.parse(ask.dataset.answers), names = path.split(".");
    const paths = [...names.map((_, end) => names.slice(0, end + 1).join(".")), ...inside];
    const isRight = answers.some((answer) => paths.includes(answer));
    const among = all("button.block", element.closest(".diagram")).map((button) => button.dataset.path);
    const asksForLayers = !answers.some((answer) => among.some((one) => one === answer || one.startsWith(`${answer}.`)));
    if (!isRight && asksForLayers && among.includes(path)) return false;
    judge(ask, isRight, `This is ${path}. `);
    say(ask.querySelector(".verdict").textContent);
    return !isRight;
  }

  // All of it ----------------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => act(event.target));
  document.addEventListener("keydown", (event) => {
    const layer = event.target.closest?.("g.layer");
    if (layer && (event.key === "Enter" || event.key === " ")) event.preventDefault(), selectLayer(layer);
    else walk(event);
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    check(event.target.closest(".ask"));
  });
  all(".layers").forEach((table) => table.querySelector("input").addEventListener("input", () => filter(table)));
  all("figure.chart[data-chart]").forEach(chart);
  document.documentElement.classList.add("live");
})();

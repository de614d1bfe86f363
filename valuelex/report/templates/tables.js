"use strict";
// What a reader does with a table: sort it, filter it, hide small loadings, take it along.
(() => {
  const MANY = 12;
  const make = (tag, options = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...children);
    return element;
  };
  const said = (cell) => cell.textContent.trim();

  // The first number of a cell; an interval counts by its lower end. What is no number sorts last.
  const valueOf = (cell) => {
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    const text = said(cell).replace(/−/g, "-").replace(/[,\s\u00a0]/g, "");
    const found = /^[[<(]*(-?\d*\.?\d+)/.exec(text);
    return found ? Number(found[1]) : null;
  };
  const order = (numeric, down) => (a, b) => {
    if (numeric) {
      const [x, y] = [valueOf(a), valueOf(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return down ? y - x : x - y;
    }
    const compared = said(a).localeCompare(said(b), "en", { numeric: true, sensitivity: "base" });
    return down ? -compared : compared;
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const numeric = head.classList.contains("number");
        const down = now ? now === "ascending" : numeric;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        const compare = order(numeric, down);
        rows.sort((a, b) => compare(a.cells[column], b.cells[column]));
        table.tBodies[0].append(...rows);
      });
    });
  };

  const filterable = (table, tools) => {
    const shown = make("span", { className: "shown" });
    shown.setAttribute("role", "status");
    const input = make("input", { type: "search", id: `${table.id}-filter`, autocomplete: "off", spellcheck: false });
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let left = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
        left += !row.hidden;
      }
      shown.textContent = wanted ? `${left} of ${table.tBodies[0].rows.length} rows` : "";
    });
    tools.append(make("label", { htmlFor: input.id }, "Filter rows"), input, shown);
  };

  const cutable = (table, tools) => {
    const id = `${table.id}-cutoff`;
    const input = make("input", { type: "range", id, min: "0", max: "0.9", step: "0.05", value: table.dataset.cutoff });
    const output = make("output", {});
    output.setAttribute("for", id);
    const cells = [...table.tBodies[0].querySelectorAll("[data-value]")];
    const apply = () => {
      const least = Number(input.value);
      output.textContent = least.toFixed(2);
      input.setAttribute("aria-valuetext", `loadings below ${least.toFixed(2)} are not shown`);
      cells.forEach((cell) => cell.classList.toggle("below", Math.abs(Number(cell.dataset.value)) < least));
    };
    // All are shown until the reader asks for less: what is left out should be the reader's choice.
    input.value = "0";
    input.addEventListener("input", apply);
    const usual = make("button", { type: "button" }, `usual, ${Number(table.dataset.cutoff).toFixed(2)}`);
    usual.addEventListener("click", () => { input.value = table.dataset.cutoff; apply(); });
    tools.append(make("label", { htmlFor: id }, "Hide loadings below"), input, output, usual);
    apply();
  };

  // As in the project's own CSV files: a cell that a spreadsheet would compute gets an apostrophe.
  const inert = (text) => (/^'*[=+@\uff1d\uff0b\uff0d\uff20]/.test(text) || /^'*-(?!\d)/.test(text) ? `'${text}` : text);
  const lines = (table) => [...table.rows].filter((row) => !row.hidden)
    .map((row) => [...row.cells].map((cell) => (cell.classList.contains("below") ? "" : said(cell))));
  const save = (blob, name) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const takeable = (table, tools) => {
    const csv = make("button", { type: "button" }, "CSV");
    csv.setAttribute("aria-label", "Save this table as CSV");
    csv.addEventListener("click", () => {
      const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
      const text = lines(table).map((row) => row.map((cell) => quoted(inert(cell.replace(/−/g, "-")))).join(",")).join("\r\n");
      save(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" }), `${table.id}.csv`);
    });
    tools.append(csv);
    if (!navigator.clipboard || !window.ClipboardItem) return;
    const copy = make("button", { type: "button" }, "Copy");
    copy.setAttribute("aria-label", "Copy this table, to paste it into a text or a sheet");
    copy.addEventListener("click", async () => {
      const plain = lines(table).map((row) => row.join("\t")).join("\n");
      const grid = make("table");
      for (const row of lines(table)) grid.append(make("tr", {}, ...row.map((cell) => make("td", { textContent: cell }))));
      const item = { "text/plain": new Blob([plain], { type: "text/plain" }), "text/html": new Blob([grid.outerHTML], { type: "text/html" }) };
      copy.textContent = await navigator.clipboard.write([new ClipboardItem(item)]).then(() => "Copied", () => "Not allowed here");
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
    tools.append(copy);
  };

  for (const table of document.querySelectorAll(".table table")) {
    const n = table.tBodies[0].rows.length;
    const tools = make("div", { className: "tools" });
    if (table.dataset.cutoff !== undefined && n) cutable(table, tools);
    if (n >= MANY) filterable(table, tools);
    if (n > 1) sortable(table);
    takeable(table, tools);
    const caption = table.closest(".table").querySelector(".caption");
    const head = make("div", { className: "head" });
    caption.replaceWith(head);
    head.append(caption, tools);
  }

  for (const prose of document.querySelectorAll(".prose")) {
    if (!navigator.clipboard) break;
    const copy = make("button", { type: "button" }, "Copy the text");
    copy.addEventListener("click", async () => {
      copy.textContent = await navigator.clipboard.writeText(prose.innerText).then(() => "Copied", () => "Not allowed here");
      setTimeout(() => { copy.textContent = "Copy the text"; }, 1500);
    });
    prose.before(make("div", { className: "tools" }, copy));
  }

  for (const figure of document.querySelectorAll("figure")) {
    const plot = figure.querySelector(".plot");
    const tools = make("div", { className: "tools" });
    for (const format of ["svg", "png"]) {
      const button = make("button", { type: "button" }, format.toUpperCase());
      button.setAttribute("aria-label", `Save this figure as ${format.toUpperCase()}`);
      button.addEventListener("click", () => {
        const size = { width: plot.clientWidth, height: plot.clientHeight, scale: format === "png" ? 3 : 1 };
        Plotly.downloadImage(plot, { format, filename: figure.id, ...size });
      });
      tools.append(button);
    }
    figure.querySelector("figcaption").append(tools);
  }
})();

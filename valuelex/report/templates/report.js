"use strict";
(() => {
  const root = document.documentElement;
  const plots = [...document.querySelectorAll(".plot")];
  const NARROW = 560;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // "var(--c1)" in a specification is a variable of the style sheet.
  const paint = (value, styles) => {
    if (typeof value === "string") {
      const found = /^var\((--[a-z0-9-]+)\)$/.exec(value);
      return found ? styles.getPropertyValue(found[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => paint(item, styles));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, paint(item, styles)]));
    return value;
  };

  const draw = (plot, width) => {
    const styles = getComputedStyle(root);
    const spec = paint(JSON.parse(document.getElementById(plot.dataset.spec).textContent), styles);
    const ink = styles.getPropertyValue("--ink").trim();
    const grid = styles.getPropertyValue("--grid").trim();
    const room = width || plot.clientWidth;
    const narrow = room < NARROW;
    const axis = (own) => ({
      automargin: true, gridcolor: grid, linecolor: grid, zerolinecolor: ink, tickfont: { size: narrow ? 12 : 13 }, fixedrange: true,
      ...own, title: { standoff: 10, font: { size: 13 }, ...(own || {}).title },
    });
    const height = narrow && spec.narrow_height ? spec.narrow_height : spec.height;
    const keys = spec.data.filter((trace) => trace.showlegend !== false).length;
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: styles.getPropertyValue("--sans").trim(), size: 13, color: ink },
      margin: { l: 8, r: 14, t: 8, b: 8 }, hoverlabel: { font: { size: 13 } }, dragmode: false, showlegend: keys > 1,
      annotations: spec.annotations ? spec.annotations[narrow ? "narrow" : "wide"] : [],
      ...spec.layout, height, width: room, xaxis: axis(spec.layout.xaxis), yaxis: axis(spec.layout.yaxis),
      legend: { orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom", font: { size: 13 }, itemclick: false, itemdoubleclick: false, ...spec.layout.legend },
    };
    plot.style.minHeight = `${height}px`;
    return Plotly.react(plot, spec.data, layout, { displayModeBar: false, displaylogo: false });
  };

  const drawAll = (width) => Promise.all(plots.map((plot) => draw(plot, width))).then(() => {
    root.dataset.drawn = String(plots.length);
    document.dispatchEvent(new Event("drawn"));
  });

  let timer = 0, last = root.clientWidth;
  addEventListener("resize", () => {
    if (root.clientWidth === last) return;
    last = root.clientWidth;
    clearTimeout(timer);
    timer = setTimeout(() => drawAll(), 120);
  });
  dark.addEventListener("change", () => drawAll());

  // On paper: light colours, the width of an A4 column, everything opened.
  let opened = [];
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((item) => { item.open = true; });
    drawAll(660);
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
    opened.forEach((item) => { item.open = false; });
    drawAll();
  });

  drawAll();
})();

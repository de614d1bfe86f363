"use strict";
// One choice (word, model, status, text) and all views of it: the word's card, the model's card, answers, completions, the word map.
// The choice stands in the address, so that it can be linked, and that "back" takes it back.
(() => {
  const holder = document.getElementById("explorer-data");
  const root = document.getElementById("explorer");
  if (!holder || !root) return;
  const data = JSON.parse(holder.textContent);
  const PAGE = 20;
  const form = root.querySelector("form");
  const field = (name) => form.elements.namedItem(name);
  const models = new Map(data.models.map((model) => [model.id, model]));
  const words = new Map(Object.entries(data.words));

  const make = (tag, options = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const round = (value, digits = 2) => (value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−"));
  const count = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  // ---- the choice and its address
  const NAMES = ["word", "model", "status", "text"];
  const PREFIX = "#explore?";
  const read = () => {
    const given = new URLSearchParams(location.hash.startsWith(PREFIX) ? location.hash.slice(PREFIX.length) : "");
    return Object.fromEntries(NAMES.map((name) => [name, given.get(name) || ""]));
  };
  const address = (choice) => PREFIX + new URLSearchParams(Object.entries(choice).filter(([, value]) => value));
  const look = (kind, value) => make("a", { href: address({ [kind]: value }), className: "look" }, value);

  // ---- rows: from this page, or from the server that shows it
  const memory = (columns) => {
    const { text, coded, names, lists } = columns;
    const lower = text.map((one) => one.toLowerCase());
    const row = (i) => ({
      text: text[i], ...Object.fromEntries(Object.keys(coded).map((key) => [key, names[key][coded[key][i]] ?? null])),
      words: lists.words ? lists.words[i].map((k) => names.word[k]) : undefined,
      judgements: lists.judgements ? lists.judgements[i].map(([j, d, score, why]) => [names.judge[j], names.dimension[d], score, names.why[why]]) : undefined,
    });
    return async (choice, offset, limit) => {
      const wanted = ["model", "status"].filter((key) => choice[key]).map((key) => [coded[key], names[key].indexOf(choice[key])]);
      const needle = choice.text.toLowerCase();
      const word = choice.word && names.word ? names.word.indexOf(choice.word) : null;
      const places = [];
      for (let i = 0; i < text.length; i += 1) {
        if (wanted.some(([codes, code]) => codes[i] !== code)) continue;
        if (word !== null && !lists.words[i].includes(word)) continue;
        if (needle && !lower[i].includes(needle)) continue;
        places.push(i);
      }
      return { total: places.length, rows: places.slice(offset, offset + limit).map(row) };
    };
  };
  const server = (what) => async (choice, offset, limit) => {
    const asked = new URLSearchParams({ ...choice, offset, limit });
    const reply = await fetch(`api/${what}?${asked}`);
    if (!reply.ok) throw new Error(`The server says ${reply.status}.`);
    return reply.json();
  };
  const source = (what) => (data.remote ? server(what) : memory(data[what]));

  // ---- parts of cards
  const bar = (value, low, high, mark) => {
    const track = make("span", { className: "track" });
    track.setAttribute("aria-hidden", "true");
    const place = (v) => `${(100 * Math.min(Math.max((v - low) / (high - low), 0), 1)).toFixed(1)}%`;
    const whisker = mark && mark[0] !== null && mark[1] !== null ? make("i", { className: "whisker" }) : null;
    if (whisker) Object.assign(whisker.style, { left: place(mark[0]), right: `calc(100% - ${place(mark[1])})` });
    const dot = make("i", { className: "dot" });
    dot.style.left = place(value);
    const middle = make("i", { className: "middle" });
    middle.style.left = place((low + high) / 2);
    track.append(middle, ...(whisker ? [whisker] : []), dot);
    return track;
  };
  const facts = (pairs) => {
    const list = make("dl", { className: "short" });
    for (const [name, value] of pairs)
      if (value !== undefined && value !== null && value !== "") list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value instanceof Node ? value : String(value))));
    return list;
  };
  const table = (caption, heads, rows) => {
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const body = rows.map((row) => make("tr", {}, ...row.map((cell, k) => {
      const tag = make(k ? "td" : "th", {}, cell instanceof Node ? cell : String(cell));
      if (!k) tag.scope = "row";
      return tag;
    })));
    return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  };
  const card = (kind, name, ...children) => {
    const heading = make("h3", { id: `look-${kind}-card` }, make("small", {}, `${kind} `), name);
    const article = make("article", { className: "card" }, heading, ...children);
    article.setAttribute("aria-labelledby", heading.id);
    return article;
  };

  const wordCard = (name) => {
    const word = words.get(name);
    const named = word.n_respondents === undefined ? "" :
      `Named by ${count(word.n_respondents, "respondent")}${word.n_models ? ` of ${count(word.n_models, "model")}` : ""}${word.n_responses ? `, in ${count(word.n_responses, "answer")}` : ""}.`;
    const loadings = (word.loadings || []).map((value, k) => [data.factors[k], make("span", {}, bar(value ?? 0, -1, 1), ` ${round(value)}`)]);
    const by = (word.by || []).map(([model, n]) => [look("model", model), String(n)]);
    const cross = (word.crosswalk || []).map(([system, category, sure]) => [system, `${category}${sure === null ? "" : ` (${round(sure)})`}`]);
    return card("word", name,
      make("p", {}, [word.gloss ? `${word.gloss[0].toUpperCase()}${word.gloss.slice(1)}.` : "", named].filter(Boolean).join(" ")),
      facts([["dimension", word.dimension || "none"], ["subdimension", word.subdimension], ["cluster of meaning", word.cluster], ["placed by", word.placed_by],
        ["factor", word.factor], ["communality", word.communality === undefined ? "" : round(word.communality)],
        ["forms counted as it", (word.variants || "").split("|").join(", ")]]),
      make("div", { className: "tables" },
        loadings.length ? table("Loadings, −1 to 1", ["factor", "loading"], loadings) : make("p", { className: "note" }, "No loadings: the words were not factored, or not this one."),
        by.length ? table("Who named it", ["model", "respondents"], by) : null,
        cross.length ? table("In other value systems", ["system", "category (confidence)"], cross) : null));
  };
  const modelCard = (name) => {
    const model = models.get(name);
    const rows = model.scores.map(([level, dimension, mean, low, high]) => [
      level === "dimension" ? dimension : make("span", { className: "sub" }, dimension),
      make("span", {}, bar(mean, 0, 6, [low, high]), ` ${round(mean)}`), low === null ? "–" : `[${round(low)}, ${round(high)}]`,
    ]);
    const top = [...words].map(([word, one]) => [word, ((one.by || []).find(([who]) => who === name) || [])[1] || 0])
      .filter(([, n]) => n).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, 12);
    const most = make("p", {}, top.length ? "Most respondents of it named: " : "");
    top.forEach(([word, n], k) => most.append(k ? ", " : "", look("word", word), ` (${n})`));
    return card("model", name, facts(model.facts), most,
      make("div", { className: "tables" }, rows.length ? table("Mean scores, 0 to 6, with 3 as indifferent", ["dimension", "mean", "interval"], rows) : make("p", { className: "note" }, "No scores of this model.")));
  };

  // ---- lists
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const marked = (text, choice) => {
    const word = words.get(choice.word);
    const wanted = [...(word ? [choice.word, ...(word.variants || "").split("|")] : []), choice.text].filter(Boolean).sort((a, b) => b.length - a.length);
    if (!wanted.length) return [text];
    return text.split(new RegExp(`(${wanted.map(escaped).join("|")})`, "gi")).map((part, k) => (k % 2 ? make("mark", {}, part) : part));
  };
  const answer = (row, choice) => {
    const item = make("li", {}, make("p", { className: "text" }, ...(row.text ? marked(row.text, choice) : [make("em", {}, "The text was not given.")])));
    const about = make("p", { className: "about" }, look("model", row.model), ` · ${[row.who, row.prompt, row.status].filter(Boolean).join(" · ")}`);
    if (row.words.length) {
      about.append(" · words: ");
      row.words.forEach((word, k) => about.append(k ? ", " : "", words.has(word) ? look("word", word) : word));
    }
    item.append(about);
    return item;
  };
  const completion = (row, choice) => {
    const [id, stem, kind] = row.stem;
    const item = make("li", {}, make("p", { className: "text" }, make("b", {}, stem || id), " ", ...marked(row.text, choice)));
    item.append(make("p", { className: "about" }, look("model", row.model), ` · ${[id, kind, row.status].filter(Boolean).join(" · ")}`));
    const judged = row.judgements.map(([judge, dimension, score, why]) => {
      const line = make("li", {}, `${judge}: ${dimension} ${round(score, 1)}`);
      if (why) line.append(make("span", {}, ` · ${why}`));
      return line;
    });
    item.append(judged.length ? make("ul", { className: "judged" }, ...judged) : make("p", { className: "about" }, "No judge found a scale applicable."));
    return item;
  };
  const list = (what, title, render) => {
    const head = make("h3", { id: `look-${what}-title` }, title);
    const said = make("p", { className: "about" });
    const rows = make("ol", { id: `look-${what}` });
    rows.setAttribute("aria-labelledby", head.id);
    const more = make("button", { type: "button" });
    const section = make("div", { className: "list" }, head, said, rows, more);
    const ask = source(what);
    let shown = 0, asked = 0;
    const add = async (choice, offset) => {
      asked += 1;
      const mine = asked;
      const found = await ask(choice, offset, PAGE);
      if (mine !== asked) return null; // a later choice was faster
      if (!offset) rows.replaceChildren();
      const made = found.rows.map((row) => render(row, choice));
      rows.append(...made);
      shown = offset + made.length;
      said.textContent = found.total ? `The first ${shown.toLocaleString("en")} of ${found.total.toLocaleString("en")}.` : "None.";
      more.hidden = shown >= found.total;
      more.textContent = `Show ${Math.min(PAGE, found.total - shown)} more`;
      return { total: found.total, first: made[0] };
    };
    more.addEventListener("click", async () => {
      const found = await add(current, shown);
      if (found && found.first) { found.first.tabIndex = -1; found.first.focus(); }
    });
    return { section, show: (choice) => add(choice, 0) };
  };

  // ---- all together
  let current = read();
  const has = (what) => data.remote || (data[what] && data[what].text.length > 0);
  const lists = [
    ...(has("answers") ? [{ name: "answer", ...list("answers", "Answers", answer) }] : []),
    ...(has("completions") ? [{ name: "completion", ...list("completions", "Completions of the projective test, and what judges made of them", completion) }] : []),
  ];
  const cards = document.getElementById("look-cards");
  const status = document.getElementById("look-said");
  document.getElementById("look-lists").append(...lists.map((one) => one.section));
  const option = (value, text) => make("option", { value }, text);
  document.getElementById("look-words").append(...[...words.keys()].sort((a, b) => a.localeCompare(b)).map((word) => option(word, "")));
  field("model").append(option("", "all models"), ...[...models.keys()].map((id) => option(id, id)));
  field("status").append(option("", "any"), ...data.states.map((state) => option(state, state)));

  const show = async () => {
    const choice = current;
    NAMES.forEach((name) => { if (field(name).value !== choice[name]) field(name).value = choice[name]; });
    const unknown = ["word", "model"].filter((name) => choice[name] && !(name === "word" ? words : models).has(choice[name]));
    cards.replaceChildren(
      ...(choice.word && words.has(choice.word) ? [wordCard(choice.word)] : []),
      ...(choice.model && models.has(choice.model) ? [modelCard(choice.model)] : []));
    highlight(choice.word);
    try {
      // A completion was not made of words: a chosen word says nothing of it.
      const found = await Promise.all(lists.map((one) => one.show(one.name === "answer" ? choice : { ...choice, word: "" })));
      if (found.some((one) => one === null)) return;
      status.textContent = unknown.length ? `There is no ${unknown.join(" and no ")} of this name here.` :
        `${found.map((one, k) => count(one.total, lists[k].name)).join(", ")}.`;
    } catch (error) {
      status.textContent = `Not to be had: ${error.message}`;
    }
    root.dataset.shown = String(Number(root.dataset.shown || 0) + 1);
  };
  // Every point of the word map that is not the chosen word is faint.
  const map = document.getElementById("taxonomy-map");
  const highlight = (word) => {
    const plot = map && map.querySelector(".plot");
    if (!plot || !plot.data) return;
    plot.data.forEach((trace, k) => {
      const place = word && trace.customdata ? trace.customdata.indexOf(word) : -1;
      const chosen = word && words.has(word) ? [place < 0 ? [] : [place]] : [null];
      Plotly.restyle(plot, { selectedpoints: chosen, unselected: [{ marker: { opacity: 0.25 } }] }, [k]);
    });
  };
  const choose = (choice, keep) => {
    const next = address(choice);
    current = choice;
    if (keep) history.replaceState(null, "", next); else history.pushState(null, "", next);
    show();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const value = event.target.value;
    // Half a word is not a choice yet; it is one when it is a word of the study, or when the field is left.
    if (event.target.name === "word" && value && !words.has(value)) return;
    choose({ ...current, [event.target.name]: value }, event.target.name === "text");
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "word" && event.target.value !== current.word) choose({ ...current, word: event.target.value.trim().toLowerCase() });
  });
  form.addEventListener("reset", (event) => { event.preventDefault(); choose(Object.fromEntries(NAMES.map((name) => [name, ""]))); });
  const arrive = () => {
    if (!location.hash.startsWith(PREFIX)) return;
    current = read();
    show();
    document.getElementById("explore").scrollIntoView();
    document.getElementById("explore-title").focus({ preventScroll: true });
  };
  addEventListener("hashchange", arrive);
  addEventListener("popstate", () => { if (location.hash.startsWith(PREFIX)) { current = read(); show(); } });

  // Words and models in tables and trees become links to this place.
  const known = { word: words, model: models };
  for (const cell of document.querySelectorAll("[data-look]")) {
    const text = cell.textContent.trim();
    if (known[cell.dataset.look].has(text)) cell.replaceChildren(look(cell.dataset.look, text));
  }
  for (const line of document.querySelectorAll(".tree p"))
    line.replaceChildren(...line.textContent.split(/(, |; |: )/).map((part) => (words.has(part) ? look("word", part) : part)));
  if (map) {
    const plot = map.querySelector(".plot");
    document.addEventListener("drawn", () => {
      highlight(current.word);
      if (plot.removeAllListeners) plot.removeAllListeners("plotly_click");
      if (plot.on) plot.on("plotly_click", (event) => { location.hash = address({ word: event.points[0].customdata }); });
    });
  }
  document.getElementById("explore-title").tabIndex = -1;
  root.hidden = false;
  if (location.hash.startsWith(PREFIX)) arrive(); else show();
})();

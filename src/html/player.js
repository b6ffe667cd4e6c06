"use strict";
(async () => {
  const d = JSON.parse(document.getElementById("data").textContent);
  const [nx, ny] = d.shape, count = d.names.length;
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const table = bytes(d.table), colors = table.length / 3;
  const packed = new Response(new Blob([bytes(d.values)]).stream().pipeThrough(new DecompressionStream("deflate")));
  const planes = new Uint8Array(await packed.arrayBuffer()), each = nx * ny;
  // Of each frame first the lowest bytes of all values, then the next.
  const frames = Array.from({ length: count }, (_, k) => {
    const bits = new Uint32Array(each);
    for (let b = 0; b < 4; b++) for (let i = 0, at = (4 * k + b) * each; i < each; i++) bits[i] |= planes[at + i] << 8 * b;
    return new Float32Array(bits.buffer);
  });

  const $ = id => document.getElementById(id);
  const canvas = $("picture"), stage = $("stage"), tip = $("tip"), slider = $("slider"), play = $("play");
  const ctx = canvas.getContext("2d");
  let now = 0, timer = 0, plot = null, size = 13;

  const scale = { linear: v => v, log: v => Math.log(Math.max(v, 0)), sqrt: v => Math.sqrt(Math.max(v, 0)) }[d.scale];
  const back = { linear: v => v, log: Math.exp, sqrt: v => v * v }[d.scale];
  const position = (v, [a, b]) => b > a ? Math.min(Math.max((scale(v) - scale(a)) / (scale(b) - scale(a)), 0), 1) : v >= b ? 1 : 0;

  // Values: as the pictures of densitas.
  const clamp = (i, n) => Math.min(Math.max(i, 0), n - 1);
  const linear = (at, n) => { const i = clamp(Math.floor(at), Math.max(n - 1, 1)); return [[i, Math.min(i + 1, n - 1)], (f => [1 - f, f])(Math.min(Math.max(at - i, 0), 1))]; };
  const cubic = (at, n) => {
    at = Math.min(Math.max(at, 0), n - 1);
    const i = Math.floor(at), f = at - i;
    return [[i - 1, i, i + 1, i + 2].map(k => clamp(k, n)), [f * (f * (1 - .5 * f) - .5), f * f * (1.5 * f - 2.5) + 1, f * (f * (2 - 1.5 * f) + .5), f * f * (.5 * f - .5)]];
  };
  const nearest = (at, n) => [[clamp(Math.round(at), n)], [1]];
  const taps = { nearest, linear, smooth: cubic }[d.interpolation];
  const valueAt = (frame, x, y) => {
    const [is, ws] = taps(x, nx), [js, us] = taps(y, ny);
    return js.reduce((sum, j, b) => sum + us[b] * is.reduce((row, i, a) => row + ws[a] * frame[i + nx * j], 0), 0);
  };
  const index = (x, y) => [(x - d.origin[0]) / d.spacing[0], (y - d.origin[1]) / d.spacing[1]];

  const number = v => {
    if (!Number.isFinite(v)) return "no value";
    const text = v !== 0 && (Math.abs(v) >= 1e5 || Math.abs(v) < 1e-3) ? v.toExponential(3) : String(+v.toPrecision(5));
    return text.replace(/-/g, "\u2212");
  };
  const ticks = (a, b, most) => {
    if (!(b > a)) return [a];
    const rough = (b - a) / Math.max(most, 1), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough * .999999);
    const first = Math.ceil(a / step - 1e-9), last = Math.floor(b / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
  };
  const label = (v, all) => {
    const most = Math.max(...all.map(Math.abs));
    if (most >= 1e5 || (most < 1e-3 && most > 0)) return v === 0 ? "0" : v.toExponential(1).replace(/-/g, "\u2212");
    const step = all.length > 1 ? Math.abs(all[1] - all[0]) : most || 1;
    return v.toFixed(Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)))).replace(/^-(0\.?0*)$/, "$1").replace("-", "\u2212");
  };
  // 10 to a power where digits would be many.
  const power = v => {
    const e = Math.round(Math.log10(v)), is = Math.abs(v / 10 ** e - 1) < 1e-9;
    return is && (e > 4 || e < -3) ? "10" + String(e).replace(/./g, c => c === "-" ? "\u207B" : "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079"[+c]) : number(v);
  };
  const write = (text, x, y, align, base, px) => {
    ctx.font = `${px || size}px system-ui, "Helvetica Neue", Arial, sans-serif`;
    [ctx.textAlign, ctx.textBaseline] = [align, base];
    ctx.fillText(text, x, y);
  };
  const inkAt = alpha => { ctx.globalAlpha = alpha; ctx.fillStyle = ctx.strokeStyle = d.foreground; };

  // A line of the title in as many as it needs.
  function wrapped(line, width) {
    write("", 0, 0, "center", "top", 1.2 * size);
    return line.split(" ").reduce((lines, word) => {
      const longer = `${lines.at(-1)} ${word}`;
      return lines.length && ctx.measureText(longer).width <= width ? [...lines.slice(0, -1), longer] : [...lines, word];
    }, []);
  }
  function layout(width, height, lines) {
    const em = size, title = lines.length ? lines.length * 1.5 * em + .8 * em : .8 * em;
    const box = { left: d.axes ? 5 * em : em, top: title, right: width - (d.colorbar ? 9 * em : 1.6 * em), bottom: height - (d.axes ? 3.8 * em : em) };
    let [w, h] = [box.right - box.left, box.bottom - box.top].map(v => Math.max(v, 20));
    const [x0, x1] = d.shown[0], [y0, y1] = d.shown[1];
    if (d.aspect > 0) {
      const k = Math.min(w / (x1 - x0), h / ((y1 - y0) * d.aspect));
      const [cw, ch] = [k * (x1 - x0), k * (y1 - y0) * d.aspect];
      [box.left, box.top] = [box.left + (w - cw) / 2, box.top + (h - ch) / 2];
      [w, h] = [cw, ch];
    }
    const r = Math.round;
    return { x: r(box.left), y: r(box.top), w: Math.max(r(w), 1), h: Math.max(r(h), 1) };
  }
  const toX = x => plot.x + plot.w * (x - d.shown[0][0]) / (d.shown[0][1] - d.shown[0][0]);
  const toY = y => { const f = (y - d.shown[1][0]) / (d.shown[1][1] - d.shown[1][0]); return plot.y + plot.h * (d.down ? f : 1 - f); };

  function map(frame, limits, ratio) {
    const [w, h] = [Math.round(plot.w * ratio), Math.round(plot.h * ratio)];
    const image = ctx.createImageData(w, h), pixels = image.data;
    const columns = Array.from({ length: w }, (_, i) => taps(index(d.shown[0][0] + (i + .5) / w * (d.shown[0][1] - d.shown[0][0]), 0)[0], nx));
    const row = new Float64Array(nx);
    for (let j = 0; j < h; j++) {
      const f = d.down ? (j + .5) / h : 1 - (j + .5) / h;
      const [js, us] = taps(index(0, d.shown[1][0] + f * (d.shown[1][1] - d.shown[1][0]))[1], ny);
      row.fill(0);
      js.forEach((k, b) => { for (let i = 0; i < nx; i++) row[i] += us[b] * frame[i + nx * k]; });
      for (let i = 0; i < w; i++) {
        const [is, ws] = columns[i];
        let v = 0;
        for (let a = 0; a < is.length; a++) v += ws[a] * row[is[a]];
        if (!Number.isFinite(v)) continue;
        const c = 3 * Math.min(Math.floor(position(v, limits) * colors), colors - 1), at = 4 * (j * w + i);
        pixels[at] = table[c]; pixels[at + 1] = table[c + 1]; pixels[at + 2] = table[c + 2]; pixels[at + 3] = 255;
      }
    }
    ctx.putImageData(image, Math.round(plot.x * ratio), Math.round(plot.y * ratio));
  }
  // The colour of a value, and that of a line on it.
  const colorsAt = (v, limits) => {
    const [r, g, b] = table.subarray(3 * Math.min(Math.floor(position(v, limits) * colors), colors - 1));
    return [`rgb(${r},${g},${b})`, d.contourColor || (.2126 * r + .7152 * g + .0722 * b > 140 ? "#000" : "#fff")];
  };
  const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  function contours(frame, limits, levels, taken) {
    ctx.lineWidth = 1.3;
    for (const { value: level, name, at } of levels) {
      ctx.save();
      [ctx.strokeStyle, ctx.globalAlpha] = [colorsAt(level, limits)[1], .85];
      ctx.fillStyle = ctx.strokeStyle;
      if (name && at) {
        write("", 0, 0, "center", "middle", .9 * size);
        const w = ctx.measureText(name).width + .3 * size, h = 1.2 * size, hole = { x: toX(at[0]) - w / 2, y: toY(at[1]) - h / 2, w, h };
        if (!taken.some(t => meet(t, hole))) {
          taken.push(hole);
          write(name, toX(at[0]), toY(at[1]), "center", "middle", .9 * size);
          ctx.beginPath(); ctx.rect(plot.x, plot.y, plot.w, plot.h); ctx.rect(hole.x, hole.y, w, h); ctx.clip("evenodd");
        }
      }
      ctx.beginPath();
      for (let j = 0; j + 1 < ny; j++) for (let i = 0; i + 1 < nx; i++) {
        const corner = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], v = corner.map(([a, b]) => frame[a + nx * b]);
        if (v.some(u => !Number.isFinite(u))) continue;
        const cut = [];
        for (let s = 0; s < 4; s++) {
          const t = (s + 1) % 4;
          if ((v[s] >= level) === (v[t] >= level)) continue;
          const f = (level - v[s]) / (v[t] - v[s]);
          cut.push([0, 1].map(a => d.origin[a] + d.spacing[a] * (corner[s][a] + f * (corner[t][a] - corner[s][a]))));
        }
        const turn = cut.length === 4 && ((v[0] + v[1] + v[2] + v[3]) / 4 >= level) === (v[0] >= level);
        for (let k = 0; k + 1 < cut.length; k += 2) {
          const [p, q] = turn ? [cut[k], cut[k + 1]] : [cut[(k + cut.length - 1) % cut.length], cut[k]];
          ctx.moveTo(toX(p[0]), toY(p[1])); ctx.lineTo(toX(q[0]), toY(q[1]));
        }
      }
      ctx.stroke();
      ctx.restore();
    }
  }
  // The place of the legend, and what draws it over the lines.
  function legend(frame, limits, levels) {
    const em = size, shown = levels.filter(l => l.name && frame.some(v => v < l.value) && frame.some(v => v >= l.value));
    write("", 0, 0, "left", "middle");
    const w = Math.max(0, ...shown.map(l => ctx.measureText(l.name).width)) + 3.9 * em, h = (1.5 * shown.length + .7) * em;
    if (!d.legend || !shown.length || w + 1.4 * em > plot.w || h + 1.4 * em > plot.h) return [[], () => {}];
    const x = d.legend.endsWith("left") ? plot.x + .7 * em : plot.x + plot.w - .7 * em - w;
    const y = d.legend.startsWith("upper") ? plot.y + .7 * em : plot.y + plot.h - .7 * em - h;
    const paint = () => {
      ctx.globalAlpha = 1; ctx.fillStyle = getComputedStyle(document.body).backgroundColor; ctx.fillRect(x, y, w, h);
      inkAt(.25); ctx.lineWidth = 1; ctx.strokeRect(x - .5, y - .5, w + 1, h + 1);
      shown.forEach((l, k) => {
        const middle = y + (.35 + 1.5 * (k + .5)) * em, [ground, line] = colorsAt(l.value, limits);
        ctx.globalAlpha = 1; ctx.fillStyle = ground; ctx.fillRect(x + .7 * em, middle - .45 * em, 1.8 * em, .9 * em);
        ctx.fillStyle = line; ctx.fillRect(x + .7 * em, middle - .65, 1.8 * em, 1.3);
        inkAt(.87); write(l.name, x + 3.2 * em, middle, "left", "middle");
      });
    };
    return [[{ x, y, w, h }], paint];
  }
  function axes() {
    inkAt(.6); ctx.lineWidth = 1;
    ctx.strokeRect(plot.x - .5, plot.y - .5, plot.w + 1, plot.h + 1);
    const em = size, xs = ticks(...d.shown[0], Math.min(7, plot.w / (4.5 * em))), ys = ticks(...d.shown[1], Math.min(7, plot.h / (3 * em)));
    let widest = 0;
    for (const v of xs) { inkAt(.6); ctx.fillRect(Math.round(toX(v)) - .5, plot.y + plot.h + 1, 1, 5); inkAt(.87); write(label(v, xs), toX(v), plot.y + plot.h + .65 * em, "center", "top"); }
    for (const v of ys) { inkAt(.6); ctx.fillRect(plot.x - 6, Math.round(toY(v)) - .5, 5, 1); inkAt(.87); write(label(v, ys), plot.x - .75 * em, toY(v), "right", "middle"); widest = Math.max(widest, ctx.measureText(label(v, ys)).width); }
    write(d.labels[0], plot.x + plot.w / 2, plot.y + plot.h + 2.1 * em, "center", "top");
    ctx.save(); ctx.translate(plot.x - widest - 1.4 * em, plot.y + plot.h / 2); ctx.rotate(-Math.PI / 2); write(d.labels[1], 0, 0, "center", "bottom"); ctx.restore();
  }
  function bar([a, b], ends, levels) {
    const em = size, x = Math.round(plot.x + plot.w + 1.4 * em), w = Math.round(1.2 * em), h = Math.round(plot.h), y = plot.y;
    for (let j = 0; j < h; j++) {
      const c = 3 * Math.min(Math.floor((1 - (j + .5) / h) * colors), colors - 1);
      ctx.globalAlpha = 1; ctx.fillStyle = `rgb(${table[c]},${table[c + 1]},${table[c + 2]})`; ctx.fillRect(x, y + j, w, 1);
    }
    // Points where values go on beyond the limits.
    const [below, above] = ends.map(on => on ? .6 * w : 0), middle = x + w / 2;
    for (const [tip, edge, i] of [[-above, y, colors - 1], [below, y + h, 0]]) {
      if (!tip) continue;
      ctx.globalAlpha = 1; ctx.fillStyle = `rgb(${table.subarray(3 * i, 3 * i + 3)})`;
      ctx.beginPath(); ctx.moveTo(x, edge); ctx.lineTo(middle, edge + tip); ctx.lineTo(x + w, edge); ctx.fill();
    }
    for (const { value } of levels) {
      if (value < a || value > b) continue;
      ctx.globalAlpha = .85; ctx.fillStyle = colorsAt(value, [a, b])[1]; ctx.fillRect(x, y + h * (1 - position(value, [a, b])) - .5, w, 1);
    }
    inkAt(.6); ctx.lineWidth = 1; ctx.beginPath();
    [[x - .5, y + h + .5], [x - .5, y - .5], [middle, y - .5 - above], [x + w + .5, y - .5], [x + w + .5, y + h + .5], [middle, y + h + .5 + below]].forEach(p => ctx.lineTo(...p));
    ctx.closePath(); ctx.stroke();
    let shown = ticks(a * d.factor, b * d.factor, Math.min(7, h / (2.6 * em)));
    if (d.scale === "log") {
      const first = Math.ceil(Math.log10(a * d.factor) - 1e-9), last = Math.floor(Math.log10(b * d.factor) + 1e-9);
      const stride = Math.max(1, Math.ceil((last - first + 1) / Math.min(7, h / (2.6 * em)))), few = last - first < 2;
      const within = v => v >= a * d.factor * (1 - 1e-9) && v <= b * d.factor * (1 + 1e-9), powers = [];
      for (let e = last; e >= first - 1; e -= stride) for (const m of few ? [1, 2, 5] : [1]) if (within(m * 10 ** e)) powers.push(m * 10 ** e);
      if (powers.length > 1) shown = powers;
    }
    let widest = 0;
    for (const v of shown) {
      const at = y + h * (1 - position(v / d.factor, [a, b]));
      inkAt(.6); ctx.fillRect(x + w + 1, Math.round(at) - .5, 4, 1); inkAt(.87); const text = d.scale === "log" ? power(v) : label(v, shown);
      write(text, x + w + .65 * em, at, "left", "middle"); widest = Math.max(widest, ctx.measureText(text).width);
    }
    inkAt(.87);
    if (d.bar) { ctx.save(); ctx.translate(x + w + Math.max(2.2 * em, widest + .65 * em) + 1.6 * em, y + h / 2); ctx.rotate(-Math.PI / 2); write(d.bar, 0, 0, "center", "bottom"); ctx.restore(); }
  }
  function draw() {
    const ratio = window.devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = stage;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    size = Math.max(10, Math.min(14, width / 50));
    const lines = (d.titles[now] ? d.titles[now].split("\n") : []).flatMap(line => wrapped(line, width - 2 * size));
    plot = layout(width, height, lines);
    map(frames[now], d.limits[now], ratio);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [taken, paintLegend] = legend(frames[now], d.limits[now], d.contours[now]);
    contours(frames[now], d.limits[now], d.contours[now], taken);
    paintLegend();
    if (d.axes) axes();
    if (d.colorbar) bar(d.limits[now], d.ends[now], d.contours[now]);
    inkAt(.87);
    lines.forEach((line, k) => write(line, plot.x + plot.w / 2, Math.max(plot.y - (1.5 * lines.length + .5) * size, 0) + 1.5 * k * size, "center", "top", 1.2 * size));
    ctx.globalAlpha = 1;
    slider.value = now;
    $("name").textContent = d.names[now];
    document.body.dataset.frame = now;
  }
  function go(k) { now = (k + count) % count; draw(); hover(); }
  function stop() { clearInterval(timer); timer = 0; play.textContent = "\u25B6"; play.setAttribute("aria-label", "Play"); }
  function toggle() {
    if (timer) return stop();
    // By the clock: what is too slow to be drawn is left out.
    const begun = performance.now(), first = now;
    const next = () => { const k = first + Math.floor((performance.now() - begun) * d.fps / 1000); if (k % count !== now) go(k % count); };
    [timer, play.textContent] = [setInterval(next, 1000 / Math.max(d.fps, 10)), "\u275A\u275A"];
    play.setAttribute("aria-label", "Pause");
  }
  let pointer = null;
  function hover() {
    const inside = pointer && pointer.x >= plot.x && pointer.x < plot.x + plot.w && pointer.y >= plot.y && pointer.y < plot.y + plot.h;
    tip.style.visibility = inside ? "visible" : "hidden";
    if (!inside) return;
    const x = d.shown[0][0] + (pointer.x - plot.x) / plot.w * (d.shown[0][1] - d.shown[0][0]);
    const f = (pointer.y - plot.y) / plot.h, y = d.shown[1][0] + (d.down ? f : 1 - f) * (d.shown[1][1] - d.shown[1][0]);
    const v = valueAt(frames[now], ...index(x, y)) * d.factor;
    tip.textContent = `${d.labels[0]}: ${number(x)}\n${d.labels[1]}: ${number(y)}\n${d.bar || "value"}: ${number(v)}`;
    tip.style.left = `${Math.max(0, Math.min(pointer.x + 14, stage.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(0, Math.min(pointer.y + 14, stage.clientHeight - tip.offsetHeight - 4))}px`;
  }
  stage.addEventListener("pointermove", e => { const r = stage.getBoundingClientRect(); pointer = { x: e.clientX - r.left, y: e.clientY - r.top }; hover(); });
  stage.addEventListener("pointerleave", () => { pointer = null; hover(); });
  slider.max = count - 1;
  slider.addEventListener("input", () => { stop(); go(+slider.value); });
  play.addEventListener("click", toggle);
  window.addEventListener("keydown", e => {
    if (e.code === "Space" && e.target !== play) { e.preventDefault(); toggle(); }
    else if (e.target !== slider && (e.code === "ArrowRight" || e.code === "ArrowLeft")) { stop(); go(now + (e.code === "ArrowRight" ? 1 : -1)); }
  });
  window.addEventListener("resize", draw);
  $("controls").hidden = count < 2;
  draw();
})();

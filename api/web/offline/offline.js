// The page around the verifier: gets keys and lists while there is a network,
// reads a code from camera, picture or text, and shows the verdict. All text
// from codes goes to the page as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const api = (path) => new URL("../api/v1/" + path, location.href).href;
const china = (seconds) => new Date(seconds * 1000).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
let ready = false;

async function start() {
  $("site").textContent = location.host;
  if ("serviceWorker" in navigator) {
    await navigator.serviceWorker.register("sw.js", { scope: "./" });
    await navigator.serviceWorker.ready;
  }
  const go = new Go();
  const answer = await fetch("verifier.wasm");
  const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), go.importObject);
  go.run(instance);
  await update();
  ready = true;
  document.documentElement.dataset.ready = "yes";
  $("camera").disabled = !navigator.mediaDevices;
}

// update gets roots and lists; the service worker answers with the last ones
// when there is no network.
async function update() {
  try {
    const keys = await (await fetch(api("keys"))).json();
    const heads = (await (await fetch(api("status-list"))).json()).lists;
    const lists = [];
    for (const head of heads) {
      const answer = await fetch(api("status-list/" + head.list));
      if (answer.ok) lists.push(new Uint8Array(await answer.arrayBuffer()));
    }
    const known = JSON.parse(tongzheng.load(keys.roots, lists));
    if (known.error) throw new Error(known.error);
    const good = (known || []).filter((list) => !list.error);
    const oldest = Math.min(...good.map((list) => list.time));
    const next = Math.min(...good.map((list) => list.next));
    $("knowledge").textContent = good.length === 0 ? "没有状态列表 no status list" :
      `${good.length} 份状态列表，截至 as of ${china(oldest)}，可用至 good until ${china(next)}`;
  } catch (problem) {
    $("knowledge").textContent = "本机还没有密钥和状态列表，请联网打开一次。 No keys and lists on this device yet: open it once with a network. (" + problem.message + ")";
  }
}

function age(seconds) {
  if (seconds < 120) return `${seconds} 秒前 s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} 分钟前 min ago`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} 小时前 h ago`;
  return `${Math.round(seconds / 86400)} 天前 days ago`;
}

function element(name, text, parent) {
  const e = document.createElement(name);
  e.textContent = text;
  if (parent) parent.append(e);
  return e;
}

const marks = { passed: "✓", failed: "✗", unknown: "?", noted: "·" };

function check(text) {
  const box = $("result");
  box.hidden = false;
  box.replaceChildren();
  if (!ready) {
    element("p", "尚未准备好 not ready yet", box);
    return;
  }
  const v = JSON.parse(tongzheng.verify(text.trim(), Date.now()));
  box.dataset.verdict = v.error ? "unreadable" : v.verdict;
  const card = document.createElement("div");
  card.className = "verdict " + (v.verdict === "valid" ? "valid" : v.verdict === "unknown" ? "unknown" : "bad");
  box.append(card);
  if (v.error) {
    element("h2", "⚠ 这不是本系统的二维码 not a code of this registry", card);
    element("p", v.error, card);
    box.focus();
    return;
  }
  const sign = v.verdict === "valid" ? "✓ " : v.verdict === "unknown" ? "? " : "✗ ";
  element("h2", sign + v.zh + " " + v.en, card);
  element("p", v.advice_zh, card);
  element("p", v.advice_en, card).lang = "en";
  const known = v.knowledge.as_of && !v.knowledge.as_of.startsWith("0001");
  const p = element("p", known ? `状态截至 ${china(Date.parse(v.knowledge.as_of) / 1000)}（${age(v.age_seconds || 0)}），不是现在的状态。 Status as of then, not of now.` :
    "没有状态信息 no status known", card);
  p.id = "age";
  p.dataset.seconds = v.age_seconds || 0;
  if (v.says) {
    element("h3", "与手中纸件核对 Compare with the paper in your hand", card);
    const list = document.createElement("dl");
    const names = { holder: "持证主体 Holder", blank: "空白证照编号 Blank number", effective: "有效期起 From", expires: "有效期至 Until", identifier: "电子证照标识 Identifier" };
    for (const [name, label] of Object.entries(names)) {
      if (!v.says[name]) continue;
      element("dt", label, list);
      element("dd", v.says[name], list);
    }
    card.append(list);
  }
  element("h3", "逐项核验 Checks", card);
  const list = document.createElement("ul");
  for (const c of v.checks || []) element("li", `${marks[c.result]} ${c.zh} ${c.en}`, list);
  card.append(list);
  box.focus();
}

// decode finds a code in a picture: the browser's own reader where there is
// one, else the one that came with the page, at several sizes.
async function decode(source, width, height) {
  if ("BarcodeDetector" in window) {
    try {
      const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(source);
      if (found.length > 0) return found[0].rawValue;
    } catch (none) { /* the other reader */ }
  }
  for (const size of [1600, 1000, 640, 2400]) {
    const scale = Math.min(1, size / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = jsQR(pixels.data, pixels.width, pixels.height, { inversionAttempts: "dontInvert" });
    if (found) return found.data;
  }
  return "";
}

async function picture(file) {
  const bitmap = await createImageBitmap(file);
  const text = await decode(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  if (text) { check(text); return; }
  const box = $("result");
  box.hidden = false;
  box.dataset.verdict = "no-code";
  box.replaceChildren();
  element("p", "照片中没有找到二维码，请靠近、对正、避免反光再拍。 No code found: closer, straight, without glare.", box);
}

async function camera() {
  const video = $("video");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const stop = () => { stream.getTracks().forEach((track) => track.stop()); video.hidden = true; };
  const until = Date.now() + 60000;
  while (Date.now() < until) {
    const text = await decode(video, video.videoWidth, video.videoHeight);
    if (text) { stop(); check(text); return; }
    await new Promise((wake) => setTimeout(wake, 200));
  }
  stop();
}

$("refresh").addEventListener("click", update);
$("camera").addEventListener("click", () => camera().catch((problem) => { $("knowledge").textContent = "摄像头不可用 camera: " + problem.message; }));
$("picture").addEventListener("change", (event) => { if (event.target.files[0]) picture(event.target.files[0]); });
$("form").addEventListener("submit", (event) => { event.preventDefault(); check($("text").value); });
start().catch((problem) => { $("knowledge").textContent = "无法启动 cannot start: " + problem.message; });

// The page around the verifier: gets keys and lists while there is a network,
// reads a code from camera, picture or text, and shows the verdict. All text
// from codes goes to the page as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const api = (path) => new URL("../api/v1/" + path, location.href).href;
const china = (seconds) => new Date(seconds * 1000).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
let ready = false, informed = false, looks;

async function start() {
  $("site").textContent = location.host;
  const keeping = keep();
  const go = new Go();
  looks = await (await fetch("verdicts.json")).json();
  $("demo").hidden = !looks.demo;
  const answer = await fetch("verifier.wasm");
  const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), go.importObject);
  go.run(instance);
  await update();
  ready = true;
  document.documentElement.dataset.ready = "yes";
  $("camera").disabled = !navigator.mediaDevices;
  if (!(await keeping)) return;
  await update(); // once more: now the worker keeps what comes
  document.documentElement.dataset.kept = "yes";
}

// keep installs the worker that keeps the page on the device. An installation
// that a bad connection broke off is tried again; the page checks codes meanwhile.
async function keep() {
  if (!("serviceWorker" in navigator)) return false;
  for (let wait = 1000; ; wait = Math.min(2 * wait, 60000)) {
    try {
      const registration = await navigator.serviceWorker.register("sw.js", { scope: "./" });
      await settled(registration.installing || registration.waiting);
      if (registration.active) return true;
    } catch (broken) {
      console.warn(broken);
    }
    await new Promise((again) => setTimeout(again, wait));
  }
}

// settled waits until a worker works, or has given up.
function settled(worker) {
  const over = () => !worker || worker.state === "activated" || worker.state === "redundant";
  return new Promise((done) => {
    if (over()) return done();
    worker.addEventListener("statechange", () => { if (over()) done(); });
  });
}

function tell(zh, en) {
  const p = $("knowledge");
  p.textContent = zh + " ";
  const english = element("span", en, p, "en");
  english.lang = "en";
}

// update gets roots and lists; the service worker answers with the last ones
// when there is no network.
async function update() {
  try {
    const get = (path) => fetch(api(path), { cache: "no-cache" }); // the newest is the best
    const keys = await (await get("keys")).json();
    const all = await get("keys/roots").then((r) => (r.ok ? r.text() : ""), () => ""); // of every member on the ledger
    const kept = () => caches.match(api("keys/list")).then((r) => (r ? r.text() : ""));
    const keyList = await get("keys/list").then((r) => (r.ok ? r.text() : kept()), kept); // which keys were stolen
    const heads = (await (await get("status-list")).json()).lists;
    const lists = [];
    for (const head of heads) {
      const answer = await get("status-list/" + head.list);
      if (answer.ok) lists.push(new Uint8Array(await answer.arrayBuffer()));
    }
    const known = JSON.parse(tongzheng.load(all || keys.roots, keyList, Number(localStorage.getItem("key-list")) || 0, lists, Date.now()));
    if (known.error) throw new Error(known.error);
    informed = true;
    if (known.keys) localStorage.setItem("key-list", known.keys.number); // an older list is not taken back
    const good = (known.lists || []).filter((list) => !list.error);
    const oldest = Math.min(...good.map((list) => list.time));
    const next = Math.min(...good.map((list) => list.next));
    if (good.length === 0) tell("没有状态列表。", "No status list.");
    else tell(`${good.length} 份状态列表，截至 ${china(oldest)}，可用至 ${china(next)}。`, `${good.length} status lists, as of the first time, good until the second.`);
    members(known.members || []);
    if (known.keys) {
      const more = element("span", ` 密钥列表第 ${known.keys.number} 号，签发于 ${china(known.keys.issued)}${known.keys.old ? "，已过更新期限" : ""}，失窃密钥 ${known.keys.stolen} 个。 `, $("knowledge"));
      element("span", `Key list ${known.keys.number}${known.keys.old ? ", past its next update" : ""}; stolen keys: ${known.keys.stolen}.`, more, "en").lang = "en";
    }
  } catch (problem) {
    if (informed) tell("这次没有更新成功，仍使用本机已有的密钥和状态列表。", "Not updated: what was on this device stays in use.");
    else tell("本机还没有密钥和状态列表，请联网打开一次。", "No keys and lists on this device yet: open it once with a network.");
  }
}

// members says of each member on the ledger how old what is known of its licenses is.
function members(all) {
  const list = $("members");
  list.replaceChildren();
  for (const m of all) {
    const name = m.name || m.member, [zh, en] = age(Math.max(0, Date.now() / 1000 - m.time));
    let says = ["没有状态列表", "no status list"], state = "none";
    if (m.why) says = ["没有其密钥，其证照无法离线核验", "its keys are lacking: nothing of its is known offline"];
    else if (m.lists && Date.now() / 1000 > m.next) [says, state] = [[`${zh}的状态，已过更新期限`, `as of ${en}, past its next update`], "over"];
    else if (m.lists) [says, state] = [[`${zh}的状态，可用至 ${china(m.next)}`, `as of ${en}`], "good"];
    if (m.lists && m.deputy) says = [`${says[0]}，由 ${m.deputy} 代为公布`, `${says[1]}, published by ${m.deputy} in its place`];
    const item = pair("li", `${name}：${says[0]}`, `${m.member}: ${says[1]}`, list);
    item.dataset.member = m.member;
    item.dataset.state = state;
  }
}

// pair says one thing in both languages, Chinese first.
function pair(name, zh, en, parent) {
  const e = element(name, zh, parent);
  const english = element(name === "h1" || name === "h2" ? "small" : "span", en, e);
  english.lang = "en";
  if (english.tagName === "SPAN") english.className = "en";
  return e;
}

function age(seconds) {
  for (const [most, unit, zh, en] of [[120, 1, "秒", "seconds"], [7200, 60, "分钟", "minutes"], [172800, 3600, "小时", "hours"]]) {
    if (seconds < most) return [`${Math.round(seconds / unit)} ${zh}前`, `${Math.round(seconds / unit)} ${en} ago`];
  }
  return [`${Math.round(seconds / 86400)} 天前`, `${Math.round(seconds / 86400)} days ago`];
}

function element(name, text, parent, className) {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  if (parent) parent.append(e);
  return e;
}

// icon draws one of the shapes that came with the page.
function icon(name, parent) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 48 48");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = looks.shapes[name] || looks.shapes.unknown;
  parent.append(svg);
}

const results = { passed: "通过", failed: "未通过", unknown: "无法核验", noted: "说明" };
const facts = { holder: ["持证主体", "Holder"], blank: ["空白证照编号", "Blank number"], effective: ["有效期起", "Valid from"], expires: ["有效期至", "Valid until"], identifier: ["电子证照标识", "Identifier"] };

function card(parent, zh, en) {
  const section = element("section", "", parent, "card");
  pair("h2", zh, en, section);
  return section;
}

// show begins the result with a headline and returns the body below it.
function show(verdict, shape, tone, zh, en) {
  const box = $("result");
  box.hidden = false;
  box.replaceChildren();
  box.dataset.verdict = verdict;
  const article = element("article", "", box, "card verdict " + tone);
  const header = element("header", "", article);
  icon(shape, header);
  pair("h2", zh, en, header).classList.toggle("long", zh.length > 6);
  return element("div", "", article, "body");
}

function check(text) {
  if (!ready) { tell("核验程序正在准备，请稍候再试。", "The verifier is getting ready: try again in a moment."); return; }
  const v = JSON.parse(tongzheng.verify(text.trim(), Date.now()));
  const box = $("result");
  if (v.error) {
    const body = show("unreadable", "not-found", "none", "不是本系统的二维码", "Not a code of this registry");
    pair("p", "请勿据此认定证照有效；二维码可能是伪造的。", "Do not take the license for valid: the code may be forged.", body).className = "advice";
    element("p", v.error, body, "when").lang = "en";
    finish();
    return;
  }
  const look = looks.words[v.verdict];
  const body = show(v.verdict, v.verdict, look.tone, v.zh, v.en);
  pair("p", v.advice_zh, v.advice_en, body).className = "advice";
  const hint = element("p", "", body, "hint");
  hint.id = "age";
  hint.dataset.seconds = v.age_seconds || 0;
  if (v.knowledge.as_of && !v.knowledge.as_of.startsWith("0001")) {
    const [zh, en] = age(v.age_seconds || 0);
    element("strong", `这是 ${zh}的状态，不是现在的状态`, hint);
    pair("span", `状态截至 ${china(Date.parse(v.knowledge.as_of) / 1000)}（北京时间）`, `Status as of ${en}, not of now`, hint);
  } else {
    element("strong", "本机不知道它的状态", hint);
    pair("span", "联网更新后再核验", "This device knows no status: update with a network", hint);
  }
  if (v.says) {
    const section = card(box, "请与手中纸件逐项核对", "Compare with the paper in your hand"), list = element("dl", "", section, "facts");
    for (const [name, [zh, en]] of Object.entries(facts)) {
      if (!v.says[name]) continue;
      const row = element("div", "", list);
      pair("dt", zh, en, row);
      element("dd", v.says[name], row, name === "identifier" ? "mono" : "big");
    }
  }
  const checks = element("ul", "", card(box, "逐项核验", "What was checked"), "checks");
  for (const c of v.checks || []) {
    const item = element("li", "", checks, c.result);
    icon("check-" + c.result, element("span", "", item, "badge"));
    const words = element("div", "", item);
    element("strong", c.zh, words);
    element("span", " " + results[c.result], words, "result");
    element("span", c.en, words, "en").lang = "en";
  }
  const guide = element("ul", "", card(box, "这意味着什么，怎么办", "What this means and what to do"), "plain");
  for (const line of look.guide) pair("li", line.zh, line.en, guide);
  finish();
}

function finish() {
  $("result").focus();
  $("result").scrollIntoView();
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
  const body = show("no-code", "not-found", "none", "照片中没有找到二维码", "No code in this picture");
  pair("p", "请靠近、对正、避免反光再拍。", "Closer, straight, without glare.", body);
  finish();
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
$("camera").addEventListener("click", () => camera().catch((problem) => { tell("摄像头不可用，请选择照片。", "No camera (" + problem.message + "): choose a picture."); }));
$("picture").addEventListener("change", (event) => { if (event.target.files[0]) picture(event.target.files[0]); });
$("form").addEventListener("submit", (event) => { event.preventDefault(); check($("text").value); });
start().catch((problem) => { tell("无法启动。", "Cannot start: " + problem.message); });

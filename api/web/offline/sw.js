// Keeps the page, the verifier and the last known lists on the device. The
// page itself is taken from the network when there is one, so that a new
// release arrives; lists likewise, for the newest is the best.
"use strict";
const CACHE = "tongzheng-offline-4";
const SHELL = ["./", "site.css", "offline.css", "verdicts.json", "offline.js", "jsqr.js", "wasm_exec.js", "verifier.wasm", "icon.svg", "icon-192.png", "icon-512.png", "manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("tongzheng-offline-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    try {
      const answer = await fetch(request);
      if (answer.ok) await cache.put(request, answer.clone());
      // A server that is down behind its proxy is no network either.
      return answer.status >= 500 ? (await cache.match(request, { ignoreVary: true })) || answer : answer;
    } catch (offline) {
      const kept = await cache.match(request, { ignoreVary: true });
      if (kept) return kept;
      throw offline;
    }
  })());
});

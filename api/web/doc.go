// Package web draws the pages: the public verdict, the landing page and the
// console. It holds templates, style and icons and the words of the pages,
// Chinese first with English beside. It knows no use case, no store and no
// session: the faces hand it what to show.
package web

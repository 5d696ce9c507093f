// Package list is what offices hand in as tables — grant lists, lists of
// holders — after a file has been decoded: rows as the spreadsheet numbers
// them, cells with what they hold, and one reader of columns by type for every
// kind of list. It finds every fault at once and names its cell, column, value
// and reason. What a list means is decided by whoever reads it; files are
// decoded elsewhere.
package list

#!/bin/sh
# Writes the files of this folder anew; see README.md.
set -e
cd "$(dirname "$0")"
JARS=/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar
CLASSES=$(mktemp -d)
trap 'rm -r "$CLASSES"' EXIT
javac -encoding UTF-8 -cp $JARS -d "$CLASSES" ./*.java
rm -f ./*.ofd ./*.crl
java -Dfile.encoding=UTF-8 -cp "$CLASSES:$JARS" Corpus .

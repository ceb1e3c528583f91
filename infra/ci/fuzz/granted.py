"""Prints the operations on messages, searches and files that were never granted, with what was counted.

Usage: granted.py DOCUMENT COUNTS
"""

import json
import re
import sys

# What the paths of these operations have in them.
SUBJECTS = re.compile(r"/(messages|pins|changes|sync|search|uploads|attachments|files|pictures)\b")


def main():
    with open(sys.argv[1]) as file:
        document = json.load(file)
    with open(sys.argv[2]) as file:
        granted = json.load(file)
    wanted = [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        if SUBJECTS.search(path)
        for method in operations
        if method in ("get", "put", "post", "patch", "delete")
    ]
    assert wanted, "the document has none of them"
    for label in wanted:
        if not granted.get(label):
            print(label)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one C file with all its mutants in it, each behind a switch.

    mutate.py FILE FIRST OUT [CLANG-ARGUMENT...]

Mutants are numbered from FIRST; serve.c has the switch.
Prints one line a mutant: number, file, line, function, kind, text, tab between.

Kinds, at every site (docs/reference/mutation.md):
  negate    the condition of if, while, do, for and ?:
  compare   < <= == >= > by their neighbours in that order, == and != by
            each other
  constant  +1 and -1 on each number, named or not
  drop      each statement that is an expression, goto, break, continue or
            return (not a function's last return)
  logic     && by ||, || by &&
Left alone: what the compiler must know (cases, array sizes, static tables,
enums), what stands inside a macro's definition, casts and null pointers.
"""
import sys
from clang.cindex import Config, CursorKind as K, Index, TokenKind
from clang.cindex import TranslationUnit, TypeKind

PRELUDE = """\
extern unsigned char seal_mutant_hit[1 << 16];
extern int seal_mutant_now;
#define SEAL_M(n) (seal_mutant_hit[n] = 1, seal_mutant_now == (n))
"""
ORDER = ["<", "<=", "==", ">=", ">"]
CONDITIONAL = (K.IF_STMT, K.WHILE_STMT, K.CONDITIONAL_OPERATOR)
DROPPED = (K.GOTO_STMT, K.BREAK_STMT, K.CONTINUE_STMT)
EXPRESSIONS = (K.CALL_EXPR, K.BINARY_OPERATOR, K.UNARY_OPERATOR,
               K.COMPOUND_ASSIGNMENT_OPERATOR)
SCALARS = {k for k in TypeKind.__dict__.values()
           if isinstance(k, TypeKind) and 3 <= k.value <= 20}


class Mutator:
    def __init__(self, path, first, args):
        self.path = path
        self.first = self.next = first
        self.report = []
        with open(path, "rb") as f:
            self.text = f.read()
        options = TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        self.unit = Index.create().parse(path, args=args, options=options)
        for d in self.unit.diagnostics:
            if d.severity >= 3:
                raise SystemExit(f"mutate.py: {d}")
        self.function = ""
        self.negated = set()
        self.macros = {}
        self.function_macros = []
        self.find_macros()

    def find_macros(self):
        defined = {}
        for c in self.unit.cursor.get_children():
            if c.kind == K.MACRO_DEFINITION:
                defined[c.spelling] = [t.spelling for t in c.get_tokens()][1:]
        for c in self.unit.cursor.get_children():
            if c.kind != K.MACRO_INSTANTIATION or not self.ours(c):
                continue
            span = self.span(c)
            body = defined.get(c.spelling, [])
            number = any(w[:1].isdigit() for w in body) and \
                not any(w.startswith('"') for w in body)
            if span[1] - span[0] == len(c.spelling) and number:
                self.macros[span] = c.spelling
            else:
                self.function_macros.append(span)

    def ours(self, c):
        f = c.location.file
        return f is not None and f.name == self.path

    @staticmethod
    def span(c):
        return c.extent.start.offset, c.extent.end.offset

    def in_macro(self, span):
        return any(a <= span[0] < b for a, b in self.function_macros)

    def add(self, kind, what, cursor):
        n = self.next
        self.next += 1
        self.report.append((n, self.path, cursor.location.line, self.function,
                            kind, " ".join(what.split())))
        return f"SEAL_M({n})"

    def raw(self, a, b):
        return self.text[a:b].decode()

    # The text of `c`, mutants inside it included.
    def render(self, c, fixed=False):
        a, b = self.span(c)
        if (a, b) in self.macros or self.in_macro((a, b)):
            return self.number(c, fixed)
        handler = {
            K.BINARY_OPERATOR: self.binary,
            K.INTEGER_LITERAL: self.number,
            K.CHARACTER_LITERAL: self.number,
            K.DECL_REF_EXPR: self.number,
        }.get(c.kind)
        if handler and not fixed:
            return handler(c, fixed)
        return self.joined(a, b, self.children(c, fixed))

    # The pieces of `c` that may change: (start, end, text).
    def children(self, c, fixed):
        pieces = []
        kids = list(c.get_children())
        for k, kid in enumerate(kids):
            a, b = self.span(kid)
            if not self.ours(kid) or a < self.span(c)[0] or b <= a:
                continue
            pieces.append((a, b, self.child(c, kids, k, fixed)))
        return self.outermost(pieces)

    @staticmethod
    def outermost(pieces):
        kept = []
        for p in sorted(pieces, key=lambda p: (p[0], -p[1])):
            if not kept or p[0] >= kept[-1][1]:
                kept.append(p)
        return kept

    def child(self, c, kids, k, fixed):
        kid = kids[k]
        if kid.kind.is_attribute() or kid.kind in (
                K.TYPE_REF, K.ENUM_DECL, K.STRUCT_DECL, K.UNION_DECL,
                K.TYPEDEF_DECL, K.PARM_DECL, K.MEMBER_REF, K.LABEL_REF):
            return self.raw(*self.span(kid))
        if c.kind == K.CASE_STMT and k == 0:
            return self.raw(*self.span(kid))
        if self.must_be_constant(c, kid):
            fixed = True
        if self.is_condition(c, kids, k) and not fixed:
            return self.condition(kid)
        if self.is_statement(c, kids, k) and not fixed:
            return self.statement(kid, c)
        return self.render(kid, fixed)

    def must_be_constant(self, c, kid):
        if c.kind == K.VAR_DECL:
            return c.storage_class.name == "STATIC" or \
                not self.is_initial(c, kid)
        if c.kind == K.INIT_LIST_EXPR:
            return not self.function
        return c.kind == K.CXX_UNARY_EXPR  # sizeof

    # Before the = stands the size of an array.
    @staticmethod
    def is_initial(c, kid):
        equals = [t.extent.start.offset for t in c.get_tokens()
                  if t.spelling == "="]
        return bool(equals) and kid.extent.start.offset > equals[0]

    @staticmethod
    def is_condition(c, kids, k):
        if c.kind in CONDITIONAL:
            return k == 0
        if c.kind == K.DO_STMT:
            return k == 1
        if c.kind == K.FOR_STMT and k < len(kids) - 1:
            return kids[k].type.kind != TypeKind.INVALID and \
                kids[k].kind == K.BINARY_OPERATOR and \
                Mutator.operator(kids[k]) in ORDER + ["!=", "&&", "||"]
        return False

    @staticmethod
    def is_statement(c, kids, k):
        if c.kind in (K.COMPOUND_STMT, K.LABEL_STMT, K.DEFAULT_STMT):
            return True
        if c.kind == K.CASE_STMT:
            return k == 1
        if c.kind == K.IF_STMT:
            return k > 0
        if c.kind in (K.WHILE_STMT, K.FOR_STMT):
            return k == len(kids) - 1 and k > 0
        return c.kind == K.DO_STMT and k == 0

    def condition(self, c):
        before = self.raw(*self.span(c))
        if self.in_macro(self.span(c)):
            return f"(!!({before}) ^ {self.add('negate', before, c)})"
        mutant = self.add("negate", before, c)
        self.negated.add(self.span(c))
        return f"(!!({self.render(c)}) ^ {mutant})"

    def statement(self, c, parent):
        before = self.raw(*self.span(c))
        text = self.render(c)
        plain = c
        while plain.kind in (K.UNEXPOSED_EXPR, K.PAREN_EXPR):
            kids = list(plain.get_children())
            if len(kids) != 1:
                break
            plain = kids[0]
        droppable = plain.kind in EXPRESSIONS or c.kind in DROPPED or \
            (c.kind == K.RETURN_STMT and not self.is_last(c))
        if not droppable or before.startswith("(void)"):
            return text
        mutant = self.add("drop", before, c)
        return f"if ({mutant}) ; else {text}"

    def is_last(self, c):
        return c.extent.start.offset == self.last_return

    def joined(self, a, b, pieces):
        out = []
        for x, y, text in pieces:
            out += [self.raw(a, x), text]
            a = y
        return "".join(out) + self.raw(a, b)

    @staticmethod
    def operator(c):
        kids = list(c.get_children())
        if len(kids) != 2:
            return ""
        end = kids[0].extent.end.offset
        start = kids[1].extent.start.offset
        for t in c.get_tokens():
            if end <= t.extent.start.offset < start and \
                    t.kind == TokenKind.PUNCTUATION and t.spelling != ")":
                return t.spelling
        return ""

    def binary(self, c, fixed):
        op = self.operator(c)
        a, b = self.span(c)
        before = self.raw(a, b)
        kids = list(c.get_children())
        inner = self.children(c, fixed)
        if op in ("&&", "||") and len(inner) == 2:
            return self.logic(c, op, before, inner)
        if op not in ORDER and op != "!=" or len(inner) != 2:
            return self.joined(a, b, inner)
        return self.compare(c, op, before, kids, inner)

    def logic(self, c, op, before, inner):
        other = "||" if op == "&&" else "&&"
        m = self.add("logic", f"{before} {op} -> {other}", c)
        v = f"a_{self.next}"
        test = "!=" if op == "&&" else "=="
        return (f"({{ _Bool {v} = !!({inner[0][2]}); "
                f"({v} {test} {m}) ? !!({inner[1][2]}) : {v}; }})")

    def compare(self, c, op, before, kids, inner):
        scalar = all(self.is_number(k) for k in kids)
        others = ["=="] if op == "!=" else ["!="] if op == "==" else []
        if self.span(c) in self.negated:
            others = []  # negate has made the same one
        if scalar and op != "!=":
            at = ORDER.index(op)
            others += ORDER[max(0, at - 1):at] + ORDER[at + 1:at + 2]
        if self.is_unsigned(kids[0]) and self.raw(*self.span(kids[1])) == "0":
            # Nothing is below 0: == and <= are one, and > and != are.
            others = [o for o in others if (op, o) not in
                      (("==", "<="), ("<=", "=="), (">", "!="))]
        l, r = f"l_{self.next}", f"r_{self.next}"
        choice = f"{l} {op} {r}"
        for other in others:
            m = self.add("compare", f"{before} {op} -> {other}", c)
            choice = f"{m} ? {l} {other} {r} : ({choice})"
        return (f"({{ __auto_type {l} = {self.value(kids[0], inner[0][2])}; "
                f"__auto_type {r} = {self.value(kids[1], inner[1][2])}; "
                f"{choice}; }})")

    # A bit-field cannot be deduced from; + makes it a value.
    def value(self, kid, text):
        return f"(+({text}))" if self.is_number(kid) else f"({text})"

    @staticmethod
    def is_number(kid):
        t = kid.type.get_canonical().kind
        return t in SCALARS

    @staticmethod
    def is_unsigned(kid):
        while kid.kind == K.UNEXPOSED_EXPR:
            kid = next(kid.get_children())
        return kid.type.get_canonical().spelling.startswith("unsigned")

    def number(self, c, fixed):
        a, b = self.span(c)
        before = self.raw(a, b)
        if fixed or self.in_macro((a, b)) and (a, b) not in self.macros:
            return before
        if c.kind == K.DECL_REF_EXPR and (a, b) not in self.macros:
            ref = c.referenced
            if ref is None or ref.kind != K.ENUM_CONSTANT_DECL:
                return before
        if c.kind != K.DECL_REF_EXPR and not self.is_number(c):
            return before
        if before == "NULL" or (a, b) in self.null_pointers:
            return before
        text = before
        if before != "true":
            text += " + " + self.add("constant", f"{before} + 1", c)
        if before != "false":
            text += " - " + self.add("constant", f"{before} - 1", c)
        return f"({text})"

    def run(self):
        pieces = []
        for c in self.unit.cursor.get_children():
            if c.kind != K.FUNCTION_DECL or not c.is_definition() or \
                    not self.ours(c):
                continue
            self.function = c.spelling
            body = [k for k in c.get_children() if k.kind == K.COMPOUND_STMT]
            statements = list(body[-1].get_children())
            last = statements[-1] if statements else None
            self.last_return = last.extent.start.offset if last and \
                last.kind == K.RETURN_STMT else -1
            self.null_pointers = set()
            self.find_nulls(body[-1])
            a, b = self.span(body[-1])
            pieces.append((a, b, self.render(body[-1])))
            self.function = ""
        text = self.joined(0, len(self.text), pieces)
        return f'{PRELUDE}#line 1 "{self.path}"\n{text}'

    # A 0 that stands for a null pointer is no number.
    def find_nulls(self, c):
        for k in c.get_children():
            if k.kind == K.INTEGER_LITERAL and \
                    c.type.get_canonical().kind == TypeKind.POINTER and \
                    c.kind == K.UNEXPOSED_EXPR:
                self.null_pointers.add(self.span(k))
            self.find_nulls(k)


def main():
    path, first, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    m = Mutator(path, first, sys.argv[4:])
    text = m.run()
    with open(out, "w", encoding="utf-8") as f:
        f.write(text)
    for line in m.report:
        print("\t".join(map(str, line)))


Config.set_library_file("/usr/lib/llvm-14/lib/libclang.so.1")
main()

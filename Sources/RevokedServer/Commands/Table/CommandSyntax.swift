import RESP

/// The arguments of a command, read from the way in which manuals write them: `key value [NX | XX] [EX seconds]`. Words
/// in capitals are written as they stand, `[…]` may be left out, `|` separates choices, `(…)` groups, `...` may be
/// repeated.
struct CommandSyntax {
    struct Argument: Equatable {
        var name: String
        var type: String
        var token: String?
        var isOptional = false
        var isMultiple = false
        /// Of a choice or a group.
        var parts: [Argument] = []
    }

    let arguments: [Argument]

    init(_ text: String) {
        var reader = Reader(text)
        arguments = reader.sequence()
        precondition(reader.isAtEnd, "the syntax of a command cannot be read: \(text)")
    }

    private struct Reader {
        private var words: ArraySlice<String>

        init(_ text: String) {
            var spaced = text.replacing("...", with: " … ")
            for mark in ["[", "]", "(", ")", "|"] { spaced = spaced.replacing(mark, with: " \(mark) ") }
            words = spaced.split(separator: " ").map(String.init)[...]
        }

        var isAtEnd: Bool { words.isEmpty }

        private mutating func accept(_ word: String) -> Bool {
            guard words.first == word else { return false }
            words.removeFirst()
            return true
        }

        mutating func sequence() -> [Argument] {
            var arguments: [Argument] = []
            while let word = words.first, !["]", ")", "|"].contains(word) {
                words.removeFirst()
                var argument: Argument
                if word == "[" || word == "(" {
                    argument = choices()
                    argument.isOptional = word == "["
                    precondition(accept(word == "[" ? "]" : ")"), "a bracket is not closed")
                } else if word == word.uppercased() {
                    argument = Argument(name: word.lowercased(), type: "pure-token", token: word)
                    if let next = words.first, Self.isName(next) {
                        words.removeFirst()
                        argument = Argument(name: next, type: Self.type(of: next), token: word)
                    }
                } else {
                    argument = Argument(name: word, type: Self.type(of: word))
                }
                argument.isMultiple = accept("…")
                arguments.append(argument)
            }
            return arguments
        }

        private mutating func choices() -> Argument {
            var choices = [Self.group(sequence())]
            while accept("|") { choices.append(Self.group(sequence())) }
            return choices.count == 1 ? choices[0] : Argument(name: "choice", type: "oneof", parts: choices)
        }

        private static func group(_ sequence: [Argument]) -> Argument {
            sequence.count == 1 ? sequence[0] : Argument(name: "group", type: "block", parts: sequence)
        }

        private static func isName(_ word: String) -> Bool { word.first?.isLowercase ?? false }

        private static func type(of name: String) -> String {
            switch name {
            case "key", "pattern": name
            case "seconds", "milliseconds", "count", "cursor", "index", "protover", "client-id": "integer"
            case let time where time.hasPrefix("unix-time"): "unix-time"
            default: "string"
            }
        }
    }

    /// As `COMMAND DOCS` gives them.
    func write(to reply: inout ReplyBuffer) { Self.write(arguments, to: &reply) }

    private static func write(_ arguments: [Argument], to reply: inout ReplyBuffer) {
        reply.array(arguments.count)
        for argument in arguments {
            let flags = [(argument.isOptional, "optional"), (argument.isMultiple, "multiple")].filter(\.0).map(\.1)
            reply.map(2 + [argument.token != nil, !flags.isEmpty, !argument.parts.isEmpty].count { $0 })
            reply.bulk("name")
            reply.bulk(argument.name)
            reply.bulk("type")
            reply.bulk(argument.type)
            if let token = argument.token {
                reply.bulk("token")
                reply.bulk(token)
            }
            if !flags.isEmpty {
                reply.bulk("flags")
                reply.set(flags.count)
                for flag in flags { reply.status(flag) }
            }
            if !argument.parts.isEmpty {
                reply.bulk("arguments")
                write(argument.parts, to: &reply)
            }
        }
    }
}

extension ReplyBuffer {
    /// A simple string that is not known in advance; it has no line end.
    mutating func status(_ text: String) {
        append("+")
        append(text.utf8.span.bytes)
        append("\r\n")
    }
}

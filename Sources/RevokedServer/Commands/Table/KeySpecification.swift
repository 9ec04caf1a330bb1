import RESP

/// Where keys of a command stand, and what becomes of them (Redis, "Command key specifications").
struct KeySpecification {
    enum Place {
        /// So many places behind the first; negative counts from the end.
        case range(last: Int, step: Int)
        /// The argument at ``KeySpecification/begin`` says how many there are; they follow it.
        case counted(step: Int)
    }

    let use: KeyUse
    let begin: Int
    let place: Place

    func write(to reply: inout ReplyBuffer) {
        reply.map(3)
        reply.bulk("flags")
        reply.set(use.names.count)
        for name in use.names { reply.status(name) }
        reply.bulk("begin_search")
        Self.write("index", [("index", begin)], to: &reply)
        reply.bulk("find_keys")
        switch place {
        case .range(let last, let step):
            Self.write("range", [("lastkey", last), ("keystep", step), ("limit", 0)], to: &reply)
        case .counted(let step):
            Self.write("keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", step)], to: &reply)
        }
    }

    private static func write(_ type: String, _ fields: [(name: String, value: Int)], to reply: inout ReplyBuffer) {
        reply.map(2)
        reply.bulk("type")
        reply.bulk(type)
        reply.bulk("spec")
        reply.map(fields.count)
        for (name, value) in fields {
            reply.bulk(name)
            reply.integer(Int64(value))
        }
    }
}

extension Command {
    var keySpecifications: [KeySpecification] {
        guard firstKey > 0 else { return [] }
        if lastKey == Self.counted {
            return [KeySpecification(use: keyUse, begin: firstKey - 1, place: .counted(step: keyStep))]
        }
        guard keyUse == otherKeyUse else {
            return [(keyUse, firstKey), (otherKeyUse, lastKey)].map { use, begin in
                KeySpecification(use: use, begin: begin, place: .range(last: 0, step: keyStep))
            }
        }
        // Here the last one counts from the first.
        let last = lastKey < 0 ? lastKey : lastKey - firstKey
        return [KeySpecification(use: keyUse, begin: firstKey, place: .range(last: last, step: keyStep))]
    }
}

/// The values of one reply in wire order, an array's header before its elements, with all text in one buffer.
struct ReplyNotes {
    enum Kind { case status, error, bulk, integer, null, array }

    private struct Note {
        let kind: Kind
        /// An integer's value, an array's count, a text's length.
        let number: Int64
    }

    /// A text buffer larger than this is freed once the reply is read.
    private static let keptBytes = 4_096

    /// Whether the reply is complete.
    var isWhole = false
    private var notes: [Note] = []
    private var text: [UInt8] = []

    mutating func note(_ kind: Kind, _ number: Int64) {
        notes.append(Note(kind: kind, number: number))
    }

    mutating func note(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) {
        notes.append(Note(kind: kind, number: Int64(bytes.count)))
        text.append(contentsOf: bytes)
    }

    mutating func clear() {
        isWhole = false
        notes.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: text.count <= Self.keptBytes)
    }

    /// Whether the reply is an array of nulls and, last, the pinned epoch.
    /// - Parameter expected: of a look-up. Any other is never found here.
    func holds(_ pinnedEpoch: PinnedEpoch, _ expected: PendingCall.ExpectedReply.Reply) -> Bool {
        let keyCount = Int(expected.rawValue)
        guard keyCount > 0, keyCount < PendingCall.ExpectedReply.Reply.ok.rawValue, notes.count == keyCount + 1,
            notes[0].kind == .array, notes[0].number == keyCount
        else { return false }
        for index in 1..<keyCount where notes[index].kind != .null { return false }
        return notes[keyCount].kind == .bulk && text == pinnedEpoch.epoch
    }

    func reply() -> Reply {
        var position = (note: 0, text: 0)
        return reply(from: &position)
    }

    /// The value at `position`, which is moved behind it. Recursion is bounded by ``ReplyScanner/maximumDepth``.
    private func reply(from position: inout (note: Int, text: Int)) -> Reply {
        let note = notes[position.note]
        position.note += 1
        switch note.kind {
        case .integer: return .integer(note.number)
        case .null: return .null
        case .array:
            var elements: [Reply] = []
            elements.reserveCapacity(Int(note.number))
            for _ in 0..<note.number { elements.append(reply(from: &position)) }
            return .array(elements)
        case .status, .error, .bulk:
            let end = position.text + Int(note.number)
            let bytes = Array(text[position.text..<end])
            position.text = end
            return switch note.kind {
            case .status: .status(bytes)
            case .error: .error(bytes)
            default: .bulk(bytes)
            }
        }
    }
}

/// A set of prefixes, as a radix tree: one walk along a key finds those that the key begins with, however many others
/// there are.
struct PrefixSet {
    fileprivate struct Node {
        /// What it adds to the bytes of the nodes above.
        var label: [UInt8] = []
        /// Whether a prefix ends here.
        var isMember = false
        /// By the first bytes of their labels.
        var children: [UInt8: Node] = [:]
    }

    private var root = Node()

    var isEmpty: Bool { !root.isMember && root.children.isEmpty }

    mutating func insert(_ prefix: [UInt8]) { root.insert(prefix[...]) }

    mutating func remove(_ prefix: [UInt8]) { root.remove(prefix[...]) }

    /// The lengths of the prefixes that a key begins with, shortest first.
    func lengths(in key: [UInt8]) -> [Int] {
        var lengths: [Int] = []
        var (node, depth) = (root, 0)
        while true {
            if node.isMember { lengths.append(depth) }
            guard depth < key.count, let child = node.children[key[depth]], key[depth...].starts(with: child.label)
            else { return lengths }
            depth += child.label.count
            node = child
        }
    }
}

extension PrefixSet.Node {
    /// - Parameter rest: what of a prefix follows this node.
    fileprivate mutating func insert(_ rest: ArraySlice<UInt8>) {
        guard let first = rest.first else {
            isMember = true
            return
        }
        guard let label = children[first]?.label else {
            children[first] = Self(label: Array(rest), isMember: true)
            return
        }
        let shared = zip(label, rest).prefix { $0 == $1 }.count
        if shared < label.count { children[first]?.split(at: shared) }
        children[first]?.insert(rest.dropFirst(shared))
    }

    private mutating func split(at count: Int) {
        let lower = Self(label: Array(label[count...]), isMember: isMember, children: children)
        self = Self(label: Array(label[..<count]), children: [label[count]: lower])
    }

    fileprivate mutating func remove(_ rest: ArraySlice<UInt8>) {
        guard let first = rest.first else {
            isMember = false
            return
        }
        guard let label = children[first]?.label, rest.starts(with: label) else { return }
        children[first]?.remove(rest.dropFirst(label.count))
        guard let child = children[first], !child.isMember, child.children.count < 2 else { return }
        // No prefix ends there, and none branches off.
        children[first] = child.children.first.map { _, only in
            Self(label: child.label + only.label, isMember: only.isMember, children: only.children)
        }
    }
}

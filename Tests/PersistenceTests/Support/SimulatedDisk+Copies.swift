import Testing

@testable import Persistence

/// What `cp` and `mv` do to a data directory. All of it is durable at once.
extension SimulatedDisk {
    /// Copies a file or a directory as `cp -a` does: what it holds is durable, and its files are others.
    func copy(_ path: String, to target: String) throws {
        let (parent, name) = try split(target)
        let copy = try copy(#require(find(path)))
        parent.names[name] = copy
        parent.durableNames[name] = copy
    }

    /// Copies a directory as `cp -al` does: the files of both are the same.
    func link(_ path: String, to target: String) throws {
        func linked(_ node: Node) -> Node {
            guard node.isDirectory else { return node }
            let copy = makeNode()
            copy.isDirectory = true
            copy.names = node.names.mapValues { linked($0) }
            copy.durableNames = copy.names
            return copy
        }
        let (parent, name) = try split(target)
        let link = try linked(#require(find(path)))
        parent.names[name] = link
        parent.durableNames[name] = link
    }

    /// Copies a directory as `cp -a` does into one that is there: a file that bears a name already stays, with other
    /// bytes.
    func restore(_ path: String, over target: String) throws {
        try restore(#require(find(path)), over: #require(find(target)))
    }

    private func restore(_ node: Node, over target: Node) {
        guard node.isDirectory else {
            target.bytes = node.bytes
            target.durableBytes = node.bytes
            return
        }
        for (name, child) in node.names {
            if let present = target.names[name] {
                restore(child, over: present)
            } else {
                target.names[name] = copy(child)
            }
        }
        target.durableNames = target.names
        target.changes = []
    }

    private func copy(_ node: Node) -> Node {
        let copy = makeNode()
        copy.isDirectory = node.isDirectory
        copy.bytes = node.bytes
        copy.durableBytes = node.bytes
        copy.names = node.names.mapValues { self.copy($0) }
        copy.durableNames = copy.names
        return copy
    }
}

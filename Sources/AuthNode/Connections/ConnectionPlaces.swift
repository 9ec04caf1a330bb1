import NIOCore
import Synchronization

/// The connections of users, and which of them has waited for its peer the longest: that one makes room where there are
/// as many as there may be. One that a request is being answered for keeps its place.
final class ConnectionPlaces: Sendable {
    private struct State {
        var channels: [Int: any Channel] = [:]
        var order = WaitingOrder()
        /// How many have to leave as soon as they wait: there was none when room was needed.
        var wanted = 0
    }

    private let state = Mutex(State())

    func add(_ channel: any Channel) -> ConnectionPlace {
        let number = state.withLock { state in
            let number = state.order.add()
            state.channels[number] = channel
            return number
        }
        return ConnectionPlace(self, number)
    }

    /// Closes those that have waited the longest; if there are too few, the next ones that begin to wait.
    func makeRoom(for count: Int) {
        let leaving = state.withLock { state in
            var leaving: [any Channel] = []
            while leaving.count < count, let number = state.order.takeFirst() {
                if let channel = state.channels[number] { leaving.append(channel) }
            }
            state.wanted = count - leaving.count
            return leaving
        }
        for channel in leaving { channel.close(promise: nil) }
    }

    fileprivate func beginTurn(_ number: Int) { state.withLock { $0.order.leave(number) } }

    fileprivate func endTurn(_ number: Int) -> ConnectionPlace.Verdict {
        state.withLock { state in
            guard state.channels[number] != nil else { return .leave }
            guard state.wanted > 0 else {
                state.order.enter(number)
                return .stay
            }
            state.wanted -= 1
            return .leave
        }
    }

    fileprivate func remove(_ number: Int) {
        state.withLock { state in
            state.channels[number] = nil
            state.order.remove(number)
        }
    }
}

/// A connection's own. Used on its event loop.
final class ConnectionPlace {
    enum Verdict {
        case stay
        /// Room is needed for another connection.
        case leave
    }

    private let places: ConnectionPlaces
    private let number: Int
    /// Whether the number may be another connection's by now.
    private var isGivenUp = false

    fileprivate init(_ places: ConnectionPlaces, _ number: Int) {
        self.places = places
        self.number = number
    }

    /// A request is complete: it is the node's turn.
    func beginTurn() { if !isGivenUp { places.beginTurn(number) } }

    /// It is the peer's turn: to read an answer, or to ask.
    func endTurn() -> Verdict { isGivenUp ? .leave : places.endTurn(number) }

    /// The connection has ended. It may be told more than once.
    func giveUp() {
        guard !isGivenUp else { return }
        isGivenUp = true
        places.remove(number)
    }
}

/// Numbers of connections in the order in which they began to wait: a list in an array, so that each step takes the
/// same time however many there are.
struct WaitingOrder {
    private struct Node {
        var previous: Int?
        var next: Int?
        var isWaiting = false
    }

    private var nodes: [Node] = []
    private var unused: [Int] = []
    private var first: Int?
    private var last: Int?

    /// - Returns: the number of a new one, which waits.
    mutating func add() -> Int {
        let number = unused.popLast() ?? nodes.count
        if number == nodes.count { nodes.append(Node()) }
        enter(number)
        return number
    }

    /// It begins to wait; one that waits already keeps its place.
    mutating func enter(_ number: Int) {
        guard !nodes[number].isWaiting else { return }
        nodes[number] = Node(previous: last, next: nil, isWaiting: true)
        if let last { nodes[last].next = number } else { first = number }
        last = number
    }

    /// It waits no more.
    mutating func leave(_ number: Int) {
        guard nodes[number].isWaiting else { return }
        let node = nodes[number]
        if let previous = node.previous { nodes[previous].next = node.next } else { first = node.next }
        if let next = node.next { nodes[next].previous = node.previous } else { last = node.previous }
        nodes[number] = Node()
    }

    /// - Returns: the one that has waited the longest, which waits no more.
    mutating func takeFirst() -> Int? {
        guard let first else { return nil }
        leave(first)
        return first
    }

    /// It has ended: another one may get its number.
    mutating func remove(_ number: Int) {
        leave(number)
        unused.append(number)
    }
}

@main
struct Revoked {
    static func main() {}
}

namespace Akka.Configuration;

/// <summary>A value of the configuration tree.</summary>
internal abstract class ConfigValue
{
    internal sealed class Text(string content, bool quoted) : ConfigValue
    {
        internal string Content { get; } = content;

        internal bool Quoted { get; } = quoted;
    }

    internal sealed class List(IReadOnlyList<ConfigValue> items) : ConfigValue
    {
        internal IReadOnlyList<ConfigValue> Items { get; } = items;
    }

    internal sealed class Reference(string path, bool optional) : ConfigValue
    {
        internal string Path { get; } = path;

        internal bool Optional { get; } = optional;
    }

    /// <summary>Members in the order of their first appearance.</summary>
    internal sealed class Tree : ConfigValue
    {
        private readonly Dictionary<string, ConfigValue> _members = new(StringComparer.Ordinal);
        private readonly List<string> _order = [];

        internal IReadOnlyList<string> Keys => _order;

        internal ConfigValue? Get(string key) => _members.GetValueOrDefault(key);

        internal void Set(string key, ConfigValue value)
        {
            if (_members.TryAdd(key, value))
                _order.Add(key);
            else
                _members[key] = value;
        }

        internal ConfigValue? Find(IEnumerable<string> path)
        {
            ConfigValue? at = this;
            foreach (var key in path)
                at = (at as Tree)?.Get(key);
            return at;
        }

        /// <summary>A new tree with <paramref name="over"/>'s members before this one's.</summary>
        internal Tree Under(Tree over)
        {
            var merged = new Tree();
            foreach (var key in over._order)
            {
                var own = over._members[key];
                merged.Set(key, own is Tree a && Get(key) is Tree b ? b.Under(a) : own);
            }

            foreach (var key in _order)
            {
                if (over.Get(key) is null)
                    merged.Set(key, _members[key]);
            }

            return merged;
        }
    }
}

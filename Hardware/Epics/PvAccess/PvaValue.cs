namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A value as the protocol carries it; its type stands beside it. Never changed once made.</summary>
internal abstract record PvaValue
{
    private PvaValue() { }

    public sealed record Flag(bool Value) : PvaValue
    {
        public static readonly Flag No = new(false);
        public static readonly Flag Yes = new(true);

        public static Flag Of(bool value) => value ? Yes : No;
    }

    /// <summary>A whole number; an unsigned one of 64 bits by its bits.</summary>
    public sealed record Whole(long Value) : PvaValue
    {
        public static readonly Whole Zero = new(0);
    }

    public sealed record Number(double Value) : PvaValue
    {
        public static readonly Number Zero = new(0);
    }

    public sealed record Text(string Value) : PvaValue
    {
        public static readonly Text Empty = new("");
    }

    /// <summary>Items of one kind: bool, sbyte to ulong, float, double or string.</summary>
    public sealed record Array<T>(T[] Items) : PvaValue
    {
        public bool Equals(Array<T>? other) =>
            ReferenceEquals(this, other) || (other is not null && Items.AsSpan().SequenceEqual(other.Items));

        public override int GetHashCode() => Items.Length;
    }

    /// <summary>A value for each field.</summary>
    public sealed record Structure(PvaType.Structure Type, PvaValue[] Fields) : PvaValue
    {
        public bool Equals(Structure? other) => ReferenceEquals(this, other)
            || (other is not null && Type.Equals(other.Type) && Fields.AsSpan().SequenceEqual(other.Fields));

        public override int GetHashCode() => Fields.Length;

        /// <summary>A field by its name, or by a path with dots; null where there is none.</summary>
        public PvaValue? this[string path]
        {
            get
            {
                var dot = path.IndexOf('.');
                var index = Type.IndexOf(dot < 0 ? path : path[..dot]);
                if (index < 0)
                    return null;
                return dot < 0 ? Fields[index] : (Fields[index] as Structure)?[path[(dot + 1)..]];
            }
        }

        /// <summary>A copy with one field replaced.</summary>
        public Structure With(string name, PvaValue value)
        {
            var fields = (PvaValue[])Fields.Clone();
            fields[Type.IndexOf(name)] = value;
            return new Structure(Type, fields);
        }
    }

    public sealed record StructureArray(Structure?[] Items) : PvaValue
    {
        public bool Equals(StructureArray? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Length;
    }

    /// <summary>The member with this position; negative: none.</summary>
    public sealed record Union(int Selector, PvaValue? Value) : PvaValue
    {
        public static readonly Union None = new(-1, null);
    }

    public sealed record UnionArray(Union?[] Items) : PvaValue
    {
        public bool Equals(UnionArray? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Length;
    }

    /// <summary>A value with its type; both null for nothing.</summary>
    public sealed record Any(PvaType? Type, PvaValue? Value) : PvaValue
    {
        public static readonly Any Nothing = new(null, null);

        public static Any Of(Structure structure) => new(structure.Type, structure);
    }

    public sealed record AnyArray(Any?[] Items) : PvaValue
    {
        public bool Equals(AnyArray? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Length;
    }

    /// <summary>What a value of the type is before anything is known of it: zeros, empty texts and arrays.</summary>
    /// <remarks>Arrays are empty even where their length is fixed.</remarks>
    public static PvaValue Default(PvaType type) => type switch
    {
        PvaType.Scalar { Kind: PvaScalar.Boolean } => Flag.No,
        PvaType.Scalar { Kind: PvaScalar.Text } or PvaType.BoundedText => Text.Empty,
        PvaType.Scalar { Kind: PvaScalar.Float32 or PvaScalar.Float64 } => Number.Zero,
        PvaType.Scalar => Whole.Zero,
        PvaType.ScalarArray a => PvaArrays.Empty(a),
        PvaType.Structure s => Default(s),
        PvaType.StructureArray => new StructureArray([]),
        PvaType.Union => Union.None,
        PvaType.UnionArray => new UnionArray([]),
        PvaType.Any => Any.Nothing,
        PvaType.AnyArray => new AnyArray([]),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static Structure Default(PvaType.Structure type)
    {
        var fields = new PvaValue[type.Members.Count];
        for (var i = 0; i < fields.Length; i++)
            fields[i] = Default(type.Members[i].Type);
        return new Structure(type, fields);
    }
}

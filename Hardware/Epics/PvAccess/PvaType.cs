using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Kinds of single values, as their descriptions stand on the wire.</summary>
internal enum PvaScalar : byte
{
    Boolean = 0x00,
    Int8 = 0x20,
    Int16 = 0x21,
    Int32 = 0x22,
    Int64 = 0x23,
    UInt8 = 0x24,
    UInt16 = 0x25,
    UInt32 = 0x26,
    UInt64 = 0x27,
    Float32 = 0x42,
    Float64 = 0x43,
    Text = 0x60,
}

/// <summary>How long an array may be.</summary>
internal enum PvaBound : byte
{
    Variable = 0x08,

    /// <summary>At most so many items.</summary>
    Bounded = 0x10,

    /// <summary>Always so many items; their number is not sent.</summary>
    Fixed = 0x18,
}

/// <summary>A named member of a structure or union.</summary>
internal sealed record PvaMember(string Name, PvaType Type);

/// <summary>The description of a value's type.</summary>
/// <remarks>Bits: how many fields a bit set numbers in it, itself included; arrays, unions and what is in them count as one. Nodes: all
/// descriptions in it, shared ones counted each time they are used. Depth: of nesting. <b>Source</b> pvAccess protocol specification,
/// "Introspection data encoding".</remarks>
internal abstract record PvaType
{
    private PvaType() { }

    public virtual int Bits => 1;

    public virtual long Nodes => 1;

    public virtual int Depth => 1;

    public sealed record Scalar(PvaScalar Kind) : PvaType;

    /// <summary>A text of at most so many bytes.</summary>
    public sealed record BoundedText(int Most) : PvaType;

    public sealed record ScalarArray(PvaScalar Kind, PvaBound Bound = PvaBound.Variable, int Size = 0) : PvaType;

    /// <summary>Named fields in order; an empty Id is not sent as one.</summary>
    public sealed record Structure(string Id, EquatableArray<PvaMember> Members) : PvaType
    {
        public override int Bits { get; } = (int)Math.Min(int.MaxValue, 1L + Members.Sum(m => (long)m.Type.Bits));

        public override long Nodes { get; } = Sum(Members);

        public override int Depth { get; } = Deepest(Members);

        public bool Equals(Structure? other) =>
            ReferenceEquals(this, other) || (other is not null && Id == other.Id && Members.Equals(other.Members));

        public override int GetHashCode() => HashCode.Combine(Id, Members.Count, Nodes);

        /// <summary>Position of a field; negative where there is none.</summary>
        public int IndexOf(string name)
        {
            var members = Members.AsSpan();
            for (var i = 0; i < members.Length; i++)
                if (members[i].Name == name)
                    return i;
            return -1;
        }

        /// <summary>The bit of a field, given by its position.</summary>
        public int BitOf(int index)
        {
            var bit = 1;
            for (var i = 0; i < index; i++)
                bit += Members[i].Type.Bits;
            return bit;
        }
    }

    public sealed record StructureArray(Structure Element) : PvaType
    {
        public override long Nodes => 1 + Element.Nodes;

        public override int Depth => 1 + Element.Depth;
    }

    /// <summary>One of the members.</summary>
    public sealed record Union(string Id, EquatableArray<PvaMember> Members) : PvaType
    {
        public override long Nodes { get; } = Sum(Members);

        public override int Depth { get; } = Deepest(Members);

        public bool Equals(Union? other) =>
            ReferenceEquals(this, other) || (other is not null && Id == other.Id && Members.Equals(other.Members));

        public override int GetHashCode() => HashCode.Combine(Id, Members.Count, Nodes, 1);
    }

    public sealed record UnionArray(Union Element) : PvaType
    {
        public override long Nodes => 1 + Element.Nodes;

        public override int Depth => 1 + Element.Depth;
    }

    /// <summary>Anything: a value that comes with its description (a variant union).</summary>
    public sealed record Any : PvaType
    {
        public static readonly Any Instance = new();
    }

    public sealed record AnyArray : PvaType
    {
        public static readonly AnyArray Instance = new();
    }

    /// <summary>A structure without an id.</summary>
    public static Structure Of(params ReadOnlySpan<(string Name, PvaType Type)> members) => Of("", members);

    public static Structure Of(string id, params ReadOnlySpan<(string Name, PvaType Type)> members)
    {
        var all = new PvaMember[members.Length];
        for (var i = 0; i < all.Length; i++)
            all[i] = new PvaMember(members[i].Name, members[i].Type);
        return new Structure(id, all.ToEquatableArray());
    }

    /// <summary>The description in one line, for a person: <c>double</c>, <c>int[]</c>, an id, or <c>structure</c>.</summary>
    public string Name => this switch
    {
        Scalar s => NameOf(s.Kind),
        BoundedText => "string",
        ScalarArray a => $"{NameOf(a.Kind)}[]",
        Structure { Id.Length: > 0 } s => s.Id,
        Structure => "structure",
        StructureArray a => $"{a.Element.Name}[]",
        Union { Id.Length: > 0 } u => u.Id,
        Union => "union",
        UnionArray a => $"{a.Element.Name}[]",
        Any => "any",
        AnyArray => "any[]",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string NameOf(PvaScalar kind) => kind switch
    {
        PvaScalar.Boolean => "boolean",
        PvaScalar.Int8 => "byte",
        PvaScalar.Int16 => "short",
        PvaScalar.Int32 => "int",
        PvaScalar.Int64 => "long",
        PvaScalar.UInt8 => "ubyte",
        PvaScalar.UInt16 => "ushort",
        PvaScalar.UInt32 => "uint",
        PvaScalar.UInt64 => "ulong",
        PvaScalar.Float32 => "float",
        PvaScalar.Float64 => "double",
        _ => "string",
    };

    private static long Sum(EquatableArray<PvaMember> members)
    {
        // Descriptions that are shared multiply without bytes: far beyond any limit is far enough.
        var sum = 1L;
        foreach (var member in members)
            sum = Math.Min(long.MaxValue / 4, sum + member.Type.Nodes);
        return sum;
    }

    private static int Deepest(EquatableArray<PvaMember> members)
    {
        var deepest = 0;
        foreach (var member in members)
            deepest = Math.Max(deepest, member.Type.Depth);
        return 1 + deepest;
    }
}

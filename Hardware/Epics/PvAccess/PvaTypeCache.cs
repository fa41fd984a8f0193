using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Type descriptions as one side of a connection has numbered them, and the reading of new ones.</summary>
/// <remarks>The numbers hold for one connection and one direction. <b>Source</b> pvAccess protocol specification, "Introspection data
/// encoding": null, only an id, an id with its type, a type alone.</remarks>
internal sealed class PvaTypeCache
{
    public const byte NullType = 0xFF;
    public const byte OnlyId = 0xFE;
    public const byte IdWithType = 0xFD;
    public const byte BoundedText = 0x83;
    public const byte Structure = 0x80;
    public const byte Union = 0x81;
    public const byte Any = 0x82;

    private const int MostNodes = 20_000;
    private const int MostNodesInAll = 1_000_000;
    private const int DeepestNesting = 64;

    private readonly Dictionary<ushort, PvaType> _known = [];
    private long _nodes;

    /// <summary>Descriptions that are kept.</summary>
    public int Count => _known.Count;

    /// <summary>Reads a description; null for none, which a failed reader gives too.</summary>
    public PvaType? Read(ref PvaReader reader) => Read(ref reader, 0);

    private PvaType? Read(ref PvaReader r, int depth)
    {
        if (r.Failed || depth > DeepestNesting || !r.Spend())
        {
            r.Fail();
            return null;
        }
        var code = r.Byte();
        if (code == NullType)
            return null;
        if (code == OnlyId)
        {
            if (_known.TryGetValue(r.UInt16(), out var known))
                return known;
            r.Fail();
            return null;
        }
        if (code != IdWithType)
            return Described(ref r, code, depth);
        var id = r.UInt16();
        var type = Described(ref r, r.Byte(), depth);
        if (type is not null)
            Keep(ref r, id, type);
        return r.Failed ? null : type;
    }

    /// <summary>A number may be given again; what was kept under it is forgotten.</summary>
    private void Keep(ref PvaReader r, ushort id, PvaType type)
    {
        _nodes += type.Nodes - (_known.TryGetValue(id, out var before) ? before.Nodes : 0);
        if (_nodes > MostNodesInAll)
            r.Fail();
        else
            _known[id] = type;
    }

    private PvaType? Described(ref PvaReader r, byte code, int depth)
    {
        var kind = code & ~(byte)PvaBound.Fixed;
        var bound = (PvaBound)(code & (byte)PvaBound.Fixed);
        switch (code)
        {
            case BoundedText:
                return new PvaType.BoundedText(Math.Max(0, r.Size()));
            case Structure:
                return Members(ref r, depth) is { } s ? Checked(ref r, new PvaType.Structure(s.Id, s.Members)) : null;
            case Union:
                return Members(ref r, depth) is { } u ? Checked(ref r, new PvaType.Union(u.Id, u.Members)) : null;
            case Any:
                return PvaType.Any.Instance;
            case Structure | (byte)PvaBound.Variable when Read(ref r, depth + 1) is PvaType.Structure element:
                return Checked(ref r, new PvaType.StructureArray(element));
            case Union | (byte)PvaBound.Variable when Read(ref r, depth + 1) is PvaType.Union element:
                return Checked(ref r, new PvaType.UnionArray(element));
            case Any | (byte)PvaBound.Variable:
                return PvaType.AnyArray.Instance;
        }
        if (Enum.IsDefined((PvaScalar)kind))
        {
            if (bound == 0)
                return new PvaType.Scalar((PvaScalar)kind);
            return new PvaType.ScalarArray((PvaScalar)kind, bound, bound == PvaBound.Variable ? 0 : Math.Max(0, r.Size()));
        }
        r.Fail();
        return null;
    }

    private (string Id, EquatableArray<PvaMember> Members)? Members(ref PvaReader r, int depth)
    {
        var id = r.Text();
        var members = new PvaMember[r.Count(2)];
        for (var i = 0; i < members.Length; i++)
        {
            var name = r.Text();
            if (Read(ref r, depth + 1) is not { } type)
            {
                r.Fail();
                return null;
            }
            members[i] = new PvaMember(name, type);
        }
        return r.Failed ? null : (id, members.ToEquatableArray());
    }

    private static T? Checked<T>(ref PvaReader r, T type)
        where T : PvaType
    {
        if (type.Nodes <= MostNodes && type.Depth <= DeepestNesting)
            return type;
        r.Fail();
        return null;
    }
}

/// <summary>Writes type descriptions, each one whole the first time and as a number after that.</summary>
/// <remarks>Numbers are given as pvAccessCPP gives them: to all but single values and arrays of them, from 1, the outer type first.
/// </remarks>
internal sealed class PvaTypeIds
{
    private readonly Dictionary<PvaType, ushort> _ids = [];

    /// <summary>Writes a description; null for none.</summary>
    public void Write(PvaWriter to, PvaType? type)
    {
        switch (type)
        {
            case null:
                to.Byte(PvaTypeCache.NullType);
                break;
            case PvaType.Scalar or PvaType.ScalarArray or PvaType.BoundedText:
                Describe(to, type);
                break;
            case not null when _ids.TryGetValue(type, out var id):
                to.Byte(PvaTypeCache.OnlyId);
                to.UInt16(id);
                break;
            case not null when _ids.Count >= ushort.MaxValue / 2:
                Describe(to, type);
                break;
            default:
                _ids[type] = (ushort)(_ids.Count + 1);
                to.Byte(PvaTypeCache.IdWithType);
                to.UInt16(_ids[type]);
                Describe(to, type);
                break;
        }
    }

    private void Describe(PvaWriter to, PvaType type)
    {
        switch (type)
        {
            case PvaType.Scalar s:
                to.Byte((byte)s.Kind);
                break;
            case PvaType.BoundedText t:
                to.Byte(PvaTypeCache.BoundedText);
                to.Size(t.Most);
                break;
            case PvaType.ScalarArray a:
                to.Byte((byte)((byte)a.Kind | (byte)a.Bound));
                if (a.Bound != PvaBound.Variable)
                    to.Size(a.Size);
                break;
            case PvaType.Structure s:
                Members(to, PvaTypeCache.Structure, s.Id, s.Members);
                break;
            case PvaType.Union u:
                Members(to, PvaTypeCache.Union, u.Id, u.Members);
                break;
            case PvaType.StructureArray a:
                to.Byte(PvaTypeCache.Structure | (byte)PvaBound.Variable);
                Write(to, a.Element);
                break;
            case PvaType.UnionArray a:
                to.Byte(PvaTypeCache.Union | (byte)PvaBound.Variable);
                Write(to, a.Element);
                break;
            case PvaType.Any:
                to.Byte(PvaTypeCache.Any);
                break;
            case PvaType.AnyArray:
                to.Byte(PvaTypeCache.Any | (byte)PvaBound.Variable);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Members(PvaWriter to, byte code, string id, EquatableArray<PvaMember> members)
    {
        to.Byte(code);
        to.Text(id);
        to.Size(members.Count);
        foreach (var member in members)
        {
            to.Text(member.Name);
            Write(to, member.Type);
        }
    }
}
